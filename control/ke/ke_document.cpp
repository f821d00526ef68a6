#include "control/ke/ke_document.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include <utility>

#include "control/keys/key_document.h"

namespace pollux::ke {

namespace {

using nlohmann::json;
using nts::Count;
using std::chrono::days;
using std::chrono::sys_seconds;

std::string utc_text(sys_seconds time) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(time)));
}

// Whole days; negative once it is over.
long days_left(const KeInput& input) {
  return std::chrono::floor<days>(input.certificate.facts().not_after - input.now).count();
}

json certificate_document(const KeInput& input) {
  const nts::CertificateFacts& facts = input.certificate.facts();
  return {{"subject", facts.subject},
          {"names", facts.names},
          {"not_before", utc_text(facts.not_before)},
          {"not_after", utc_text(facts.not_after)},
          {"days_left", days_left(input)},
          {"file", input.certificate.files().chain.string()}};
}

json sessions_document(const nts::CountValues& counts) {
  constexpr std::pair<const char*, Count> kNames[] = {
      {"accepted", Count::kAccepted},
      {"established", Count::kEstablished},
      {"refused_admission", Count::kRefusedAdmission},
      {"refused_connections", Count::kRefusedConnections},
      {"displaced", Count::kDisplaced},
      {"timeouts", Count::kTimeouts},
      {"tls_failures", Count::kTlsFailures},
      {"bad_requests", Count::kBadRequests},
      {"errors_sent", Count::kErrorsSent},
      {"no_common_aead", Count::kNoCommonAead},
      {"cookies", Count::kCookies},
      {"accept_pauses", Count::kAcceptPauses}};
  static_assert(std::size(kNames) == nts::kCounts);
  json document;
  for (const auto& [name, count] : kNames) document[name] = value_of(counts, count);
  return document;
}

}  // namespace

KeWarnings ke_warnings(const KeInput& input) {
  KeWarnings warnings;
  if (auto trouble = input.certificate.date_trouble(input.now)) {
    warnings.troubles.push_back(std::move(*trouble));
  } else if (days_left(input) < kFewDays.count()) {
    warnings.troubles.push_back(fmt::format(
        "{}: the certificate expires in less than {} {}", input.certificate.files().chain.string(),
        days_left(input) + 1, days_left(input) == 0 ? "day" : "days"));
  }
  if (input.certificate_trouble) warnings.troubles.push_back(*input.certificate_trouble);
  if (input.keys.trouble) warnings.troubles.push_back(*input.keys.trouble);
  if (input.filter_trouble) warnings.notes.push_back(*input.filter_trouble);
  return warnings;
}

std::string ke_status(const KeInput& input) {
  const auto warnings = ke_warnings(input);
  if (!warnings.troubles.empty()) return "degraded: " + warnings.troubles.front();
  return fmt::format("serving; certificate good for {} more days, key {:08X}", days_left(input),
                     input.keys.ring->current().id);
}

json ke_document(const KeInput& input) {
  const auto warnings = ke_warnings(input);
  json all = warnings.troubles;
  for (const auto& note : warnings.notes) all.push_back(note);
  return {{"version", POLLUX_VERSION},
          {"pid", ::getpid()},
          {"started", utc_text(input.started)},
          {"uptime_s", input.uptime_seconds},
          {"state", warnings.troubles.empty() ? "serving" : "degraded"},
          {"status", ke_status(input)},
          {"warnings", all},
          {"certificate", certificate_document(input)},
          {"sessions", sessions_document(input.counts)},
          {"open_sessions", input.open_sessions},
          {"workers", input.workers},
          {"system_call_filter", !input.filter_trouble},
          {"keys", control::keys_document(*input.keys.ring, input.keys.age_seconds)},
          {"rotation", control::rotation_document(input.keys)}};
}

}  // namespace pollux::ke
