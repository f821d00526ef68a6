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
  // The first of the client's list that is known here; nothing where none is, or NTPv4 was not
  // offered.
  std::optional<AeadId> aead;
  bool compliant_gcm_siv_exporter = false;  // record 1024 was there
  std::string_view server;  // that the client asked for; empty: none. A view of the reader.
};

// A header is judged as soon as it is there and a body as soon as it is whole; the first thing that
// is wrong names the error. The outcome depends on the octets alone, not on how they were split.
class KeRequestReader {
 public:
  // RFC 8915 §4 makes a server take 1024 octets; more records than this are no request but a flood.
  // Both with the end of the message.
  static constexpr std::size_t kLargestRequest = 4096;
  static constexpr std::size_t kMostRecords = 64;

  enum class State : std::uint8_t { kIncomplete, kComplete, kRefused };

  KeRequestReader() = default;
  KeRequestReader(const KeRequestReader&) = delete;
  KeRequestReader& operator=(const KeRequestReader&) = delete;

  // Takes the next octets. Octets behind the end of the message are refused (kBadRequest), whether
  // they come with it or later; once refused it stays so.
  State take(std::span<const std::byte> octets) noexcept;

  [[nodiscard]] State state() const noexcept { return state_; }
  [[nodiscard]] const KeRequest& request() const noexcept { return request_; }  // when complete
  [[nodiscard]] KeError error() const noexcept { return error_; }               // when refused

 private:
  // What is wrong with a record; nothing: it may be taken.
  [[nodiscard]] std::optional<KeError> fault_of(const RecordHeader& header) const noexcept;
  [[nodiscard]] bool is_malformed(const RecordHeader& header) const noexcept;
  [[nodiscard]] bool leaves_room(const RecordHeader& header) const noexcept;
  [[nodiscard]] bool had(RecordType type) const noexcept;

  bool take_record() noexcept;
  void accept(const Record& record) noexcept;
  void refuse(KeError error) noexcept;

  State state_ = State::kIncomplete;
  KeError error_ = KeError::kBadRequest;
  KeRequest request_;
  std::array<std::byte, kLargestRequest> buffer_{};
  std::size_t filled_ = 0;
  std::size_t parsed_ = 0;
  std::size_t records_ = 0;
  std::uint8_t types_ = 0;  // bit n: there was a record of type n
};

}  // namespace pollux::nts
