// Records of NTS key establishment, RFC 8915 §4: critical bit (1), type (15), length of the body
// (16), body. Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace pollux::nts {

// RFC 8915 §4.1 and §7.6. 1024 is chrony's, with an empty body: "keys for AEAD_AES_128_GCM_SIV are
// exported with that algorithm's own number", which its first releases did not do.
enum class RecordType : std::uint16_t {
  kEndOfMessage = 0,
  kNextProtocol = 1,
  kError = 2,
  kWarning = 3,
  kAead = 4,
  kNewCookie = 5,
  kServer = 6,
  kPort = 7,
  kCompliantGcmSivExporter = 1024,
};

inline constexpr std::size_t kRecordHeaderLength = 4;

struct RecordHeader {
  bool critical = false;
  RecordType type = RecordType::kEndOfMessage;  // may be none of the enumerators
  std::size_t body_length = 0;

  // Of the whole record.
  [[nodiscard]] std::size_t length() const noexcept { return kRecordHeaderLength + body_length; }
};

struct Record {
  bool critical = false;
  RecordType type = RecordType::kEndOfMessage;  // may be none of the enumerators
  std::span<const std::byte> body;

  [[nodiscard]] std::size_t length() const noexcept { return kRecordHeaderLength + body.size(); }
};

// The header of the first record of `octets`; nothing while it is not complete.
[[nodiscard]] std::optional<RecordHeader> first_header(std::span<const std::byte> octets) noexcept;

// The first record of `octets`; nothing while it is not complete. The body is a view of `octets`.
[[nodiscard]] std::optional<Record> first_record(std::span<const std::byte> octets) noexcept;

// Appends records to a buffer. A record that does not fit whole, or whose body is longer than a
// record can say, is left out and all after it too.
class RecordWriter {
 public:
  explicit RecordWriter(std::span<std::byte> buffer) noexcept : buffer_{buffer} {}

  void add(RecordType type, bool critical, std::span<const std::byte> body) noexcept;
  void add_number(RecordType type, bool critical, std::uint16_t number) noexcept;

  [[nodiscard]] bool overflowed() const noexcept { return overflowed_; }
  [[nodiscard]] std::span<const std::byte> written() const noexcept { return buffer_.first(used_); }

 private:
  std::span<std::byte> buffer_;
  std::size_t used_ = 0;
  bool overflowed_ = false;
};

}  // namespace pollux::nts
