// From the configuration to what the server, its answers and its certificate are made of. Pure but
// for the number of CPUs; control thread.
#pragma once

#include "control/config/config.h"
#include "nts/ke/certificate.h"
#include "nts/ke/context.h"
#include "nts/ke/server.h"

namespace pollux::ke {

[[nodiscard]] nts::ServerSettings server_settings(const control::KeConfig& config);

[[nodiscard]] nts::ServerLimits server_limits(const control::KeConfig& config);

[[nodiscard]] nts::CertificateFiles certificate_files(const control::KeConfig& config);

[[nodiscard]] nts::Context make_context(const control::KeConfig& config,
                                        std::shared_ptr<const nts::Certificate> certificate,
                                        const nts::KeyRing& ring);

}  // namespace pollux::ke
