// How this server speaks TLS, apart from its certificate. Control thread; the context is for all.
#pragma once

#include <string_view>

#include "nts/ke/openssl_ptr.h"

namespace pollux::nts {

// TLS 1.3 only (RFC 8915 §3), no resumption and no early data: every session has its own exporter
// secret and costs the same. Null where memory is short.
[[nodiscard]] SslContextPtr make_tls_context() noexcept;

// Whether "ntske/1" was agreed on (RFC 8915 §4). A client that knows no ALPN passes the context's
// own check.
[[nodiscard]] bool speaks_ntske(const SSL& connection) noexcept;

}  // namespace pollux::nts
