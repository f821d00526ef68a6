// PTP management messages (IEEE 1588-2019 §15) as ptp4l takes them on its Unix socket: a request
// for one data set, and the response to it. Pure: octets in, values out.
// TIME_STATUS_NP is linuxptp's own data set; its format is that of linuxptp's tlv.h.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>

namespace pollux::message {

using ClockIdentity = std::array<std::uint8_t, 8>;

struct PortIdentity {
  ClockIdentity clock{};
  std::uint16_t port = 0;

  friend constexpr bool operator==(const PortIdentity&, const PortIdentity&) = default;
};

// managementId (IEEE 1588-2019 table 59).
enum class ManagementId : std::uint16_t {
  kCurrentDataSet = 0x2001,
  kParentDataSet = 0x2002,
  kTimePropertiesDataSet = 0x2003,
  kTimeStatusNp = 0xc000,
};

// What ties a response to its request.
struct ManagementExchange {
  std::uint8_t major_sdo_id = 0;  // 0..15; called transportSpecific by ptp4l
  std::uint8_t domain = 0;
  std::uint16_t sequence = 0;
  PortIdentity self;  // sourcePortIdentity of the request, targetPortIdentity of the response
};

enum class ManagementFault : std::uint8_t {
  kShort,        // shorter than a management message
  kVersion,      // versionPTP is not 2
  kKind,         // not a management message, or of another majorSdoId or domain
  kLength,       // messageLength is not the length of the datagram
  kSequence,     // not the response to this request
  kTarget,       // meant for another port
  kAction,       // not a response
  kTlvType,      // neither of the two TLVs that may be in a response
  kTlvLength,    // lengthField is not what the message leaves, or what the data set needs
  kId,           // another data set
  kErrorStatus,  // a MANAGEMENT_ERROR_STATUS: ptp4l refused
  kValue,        // a field out of its range
};

// Offset and delay in nanoseconds, rounded to the nearest.
struct CurrentDataSet {
  std::uint16_t steps_removed = 0;
  std::chrono::nanoseconds offset_from_master{0};  // this clock minus the grandmaster
  std::chrono::nanoseconds mean_path_delay{0};
};

struct ClockQuality {
  std::uint8_t clock_class = 255;
  std::uint8_t clock_accuracy = 0xfe;  // code of table 5, see clock_accuracy_bound
  std::uint16_t offset_scaled_log_variance = 0xffff;
};

struct ParentDataSet {
  PortIdentity parent_port;
  std::uint8_t grandmaster_priority1 = 255;
  ClockQuality grandmaster_quality;
  std::uint8_t grandmaster_priority2 = 255;
  ClockIdentity grandmaster{};
};

struct TimePropertiesDataSet {
  std::int16_t current_utc_offset = 0;  // TAI - UTC in seconds
  bool current_utc_offset_valid = false;
  bool leap59 = false;  // the last minute of this UTC day has 59 seconds
  bool leap61 = false;
  bool ptp_timescale = false;  // the grandmaster's time is TAI; else of an arbitrary epoch
  bool time_traceable = false;
  bool frequency_traceable = false;
  std::uint8_t time_source = 0xa0;  // code of table 6
};

struct TimeStatus {
  std::chrono::nanoseconds master_offset{0};  // this clock minus the grandmaster, at the last Sync
  // When the last Sync came in, in the time of this clock. It stands still when none comes.
  std::chrono::nanoseconds ingress_time{0};
  bool grandmaster_present = false;  // another clock than this one is grandmaster
  ClockIdentity grandmaster{};
};

inline constexpr std::size_t kManagementHeader = 48;
// The longest response that fits what is read here.
inline constexpr std::size_t kLongestManagementMessage = 104;

// Writes a GET to the start of `out` and gives its length; 0 where `out` is too small. It is for
// any port of any clock (wildcard target), with no boundary hops: it does not leave this host.
[[nodiscard]] std::size_t write_management_get(std::span<std::byte> out, ManagementId id,
                                               const ManagementExchange& exchange) noexcept;

// The sequence number of something that is long enough to be a response, to find its request.
[[nodiscard]] std::optional<std::uint16_t> management_sequence(
    std::span<const std::byte> message) noexcept;

// sourcePortIdentity of something that is long enough to be a response: who says so.
[[nodiscard]] std::optional<PortIdentity> management_source(
    std::span<const std::byte> message) noexcept;

[[nodiscard]] std::expected<CurrentDataSet, ManagementFault> read_current_data_set(
    std::span<const std::byte> response, const ManagementExchange& exchange) noexcept;
[[nodiscard]] std::expected<ParentDataSet, ManagementFault> read_parent_data_set(
    std::span<const std::byte> response, const ManagementExchange& exchange) noexcept;
[[nodiscard]] std::expected<TimePropertiesDataSet, ManagementFault> read_time_properties_data_set(
    std::span<const std::byte> response, const ManagementExchange& exchange) noexcept;
[[nodiscard]] std::expected<TimeStatus, ManagementFault> read_time_status(
    std::span<const std::byte> response, const ManagementExchange& exchange) noexcept;

}  // namespace pollux::message
