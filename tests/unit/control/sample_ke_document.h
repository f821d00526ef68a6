// An observe document as pollux-ke writes it.
#pragma once

#include <nlohmann/json.hpp>

namespace pollux::cli {

inline nlohmann::json sample_ke_document() {
  return nlohmann::json::parse(R"({
"version":"0.1.0","pid":4321,"started":"2026-11-22T10:00:00Z","uptime_s":93784.5,
"state":"serving","status":"serving; certificate good for 60 more days, key 9E919B6F",
"warnings":[],"system_call_filter":true,"workers":2,"open_sessions":3,
"certificate":{"subject":"CN=time.example","names":["time.example","192.0.2.1"],
  "not_before":"2026-10-25T07:11:26Z","not_after":"2027-01-21T07:11:26Z","days_left":60,
  "file":"/etc/pollux/chain.pem"},
"sessions":{"accepted":1234,"established":1200,"refused_admission":11,"refused_connections":2,
  "displaced":3,"timeouts":4,"tls_failures":5,"bad_requests":6,"errors_sent":10,
  "no_common_aead":7,"cookies":9600,"accept_pauses":0},
"keys":[{"id":"227E8DAC","use":"old","age_s":null},{"id":"3428122D","use":"old","age_s":null},
  {"id":"9E919B6E","use":"current","age_s":7200.5},{"id":"0DED27DF","use":"next","age_s":null}],
"rotation":{"rotate":"7d","age_s":7200.5,"next_in_s":597599.5,"owner":true,
  "file":"/var/lib/pollux/ntskeys","trouble":null}})");
}

}  // namespace pollux::cli
