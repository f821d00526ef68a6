// A client's request for keys, RFC 8915 §4.1, read in whatever pieces it comes. Pure; belongs to
// one session.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "nts/core/aead_id.h"
#include "nts/core/ke_record.h"

namespace pollux::nts {

// RFC 8915 §4.1.3 and §7.7.
enum class KeError : std::uint16_t {
  kUnrecognizedCriticalRecord = 0,
  kBadRequest = 1,
  kInternalServerError = 2,
};

// A request that keeps the rules.
struct KeRequest {
  bool offers_ntpv4 = false;
  // What the server takes of the client's list, in the client's order of preference; nothing
  // where the two have none in common (or NTPv4 was not offered).
  std::optional<AeadId> aead;
  bool compliant_gcm_siv_exporter = false;  // record 1024 was there
  std::string_view server;  // that the client asked for; empty: none. A view of the reader.
};

class KeRequestReader {
 public:
  // RFC 8915 §4 makes a server take 1024 octets; more records than this are no request but a flood.
  static constexpr std::size_t kLargestRequest = 4096;
  static constexpr std::size_t kMostRecords = 64;

  enum class State : std::uint8_t { kIncomplete, kComplete, kRefused };

  // Takes the next octets. Once complete or refused it stays so; octets behind the end of the
  // message are refused (kBadRequest), whether they come with it or later.
  State take(std::span<const std::byte> octets) noexcept;

  [[nodiscard]] State state() const noexcept { return state_; }
  [[nodiscard]] const KeRequest& request() const noexcept { return request_; }  // when complete
  [[nodiscard]] KeError error() const noexcept { return error_; }               // when refused

 private:
  State state_ = State::kIncomplete;
  KeError error_ = KeError::kBadRequest;
  KeRequest request_;
  std::array<std::byte, kLargestRequest> buffer_{};
  std::size_t filled_ = 0;
  std::size_t parsed_ = 0;
  std::size_t records_ = 0;
};

}  // namespace pollux::nts
