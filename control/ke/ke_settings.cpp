#include "control/ke/ke_settings.h"

#include <utility>

#include "control/config/address_text.h"
#include "nts/aead/reference.h"

namespace pollux::ke {

nts::ServerSettings server_settings(const control::KeConfig& config) {
  nts::ServerSettings settings{
      .port = config.port,
      .workers = config.workers,
      .limits = server_limits(config),
      .make_aead = [] { return std::make_unique<nts::ReferenceAead>(); },
  };
  for (const auto& address : config.listen)
    settings.addresses.push_back(control::to_string(address));
  return settings;
}

nts::ServerLimits server_limits(const control::KeConfig& config) {
  return {.deadline = std::chrono::milliseconds{config.deadline_ms},
          .connections = config.connections,
          .admission = {
              .sessions_per_address = config.sessions_per_address,
              .address_interval = std::chrono::milliseconds{config.address_interval_ms},
              .sessions_per_second = config.sessions_per_second,
          }};
}

nts::CertificateFiles certificate_files(const control::KeConfig& config) {
  return {.chain = config.certificate, .private_key = config.private_key};
}

nts::Context make_context(const control::KeConfig& config,
                          std::shared_ptr<const nts::Certificate> certificate,
                          const nts::KeyRing& ring) {
  return {.certificate = std::move(certificate),
          .ring = ring,
          .cookies = config.cookies,
          .server = config.ntp_server,
          .port = config.ntp_port};
}

}  // namespace pollux::ke
