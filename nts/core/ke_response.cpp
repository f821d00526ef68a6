#include "nts/core/ke_response.h"

#include <utility>

#include "dataplane/wire/be.h"

namespace pollux::nts {

namespace {

constexpr std::uint16_t kNtpv4 = 0;  // RFC 8915 §7.7
constexpr std::uint16_t kNtpPort = 123;

// RFC 8915 §4.1.6: at least one, and all of the length that tells the AEAD.
bool are_cookies(std::span<const std::byte> cookies, std::size_t length) noexcept {
  return !cookies.empty() && cookies.size() % length == 0 &&
         cookies.size() / length <= kMostCookies;
}

// The server that is to accept the cookies. Critical: a client that does not know these records
// would ask another.
void add_server(RecordWriter& writer, const KeResponse& response) noexcept {
  if (!response.server.empty())
    writer.add(RecordType::kServer, true, std::as_bytes(std::span{response.server}));
  if (response.port != kNtpPort) writer.add_number(RecordType::kPort, true, response.port);
}

void add_cookies(RecordWriter& writer, std::span<const std::byte> cookies,
                 std::size_t length) noexcept {
  for (; !cookies.empty(); cookies = cookies.subspan(length))
    writer.add(RecordType::kNewCookie, false, cookies.first(length));
}

// What follows the protocol where it is NTPv4.
void add_ntpv4(RecordWriter& writer, const KeRequest& request,
               const KeResponse& response) noexcept {
  if (!request.aead) {
    // RFC 8915 §4.1.5: empty where the server supports none of those offered.
    writer.add(RecordType::kAead, true, {});
    return;
  }
  writer.add_number(RecordType::kAead, true, std::to_underlying(*request.aead));
  if (*request.aead == AeadId::kAes128GcmSiv && request.compliant_gcm_siv_exporter)
    writer.add(RecordType::kCompliantGcmSivExporter, false, {});
  add_server(writer, response);
  add_cookies(writer, response.cookies, cookie_length(*request.aead));
}

}  // namespace

ExporterContext exporter_context(AeadId aead, bool compliant_gcm_siv_exporter,
                                 Direction direction) noexcept {
  const bool takes_number_15 = aead == AeadId::kAes128GcmSiv && !compliant_gcm_siv_exporter;
  const AeadId number = takes_number_15 ? AeadId::kAesSivCmac256 : aead;
  ExporterContext context{};
  wire::store_be16(context.data(), kNtpv4);
  wire::store_be16(context.data() + 2, std::to_underlying(number));
  wire::store_u8(context.data() + 4, std::to_underlying(direction));
  return context;
}

std::optional<std::span<const std::byte>> write_response(const KeRequest& request,
                                                         const KeResponse& response,
                                                         std::span<std::byte> buffer) noexcept {
  RecordWriter writer{buffer};
  if (request.offers_ntpv4) {
    if (request.aead && !are_cookies(response.cookies, cookie_length(*request.aead)))
      return std::nullopt;
    if (!response.server.empty() && !is_server_name(response.server)) return std::nullopt;
    writer.add_number(RecordType::kNextProtocol, true, kNtpv4);
    add_ntpv4(writer, request, response);
  } else {
    // RFC 8915 §4.1.2: a subset of those offered, which may be empty.
    writer.add(RecordType::kNextProtocol, true, {});
  }
  writer.add(RecordType::kEndOfMessage, true, {});
  if (writer.overflowed()) return std::nullopt;
  return writer.written();
}

std::span<const std::byte> write_error(KeError error, std::span<std::byte, 10> buffer) noexcept {
  RecordWriter writer{buffer};
  writer.add_number(RecordType::kError, true, std::to_underlying(error));
  writer.add(RecordType::kEndOfMessage, true, {});
  return writer.written();
}

}  // namespace pollux::nts
