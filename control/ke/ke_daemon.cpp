#include "control/ke/ke_daemon.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <utility>

#include "control/ke/ke_settings.h"
#include "control/ke/system_call_filter.h"
#include "control/service/log.h"
#include "control/service/value_or_throw.h"

namespace pollux::ke {

namespace {

using control::control_failure;
using control::control_success;
using control::log_error;
using control::log_info;
using control::log_warning;
using control::value_or_throw;

constexpr std::size_t kOwnDescriptors = 64;  // of the control thread, with room

std::size_t descriptors(const control::KeConfig& config) {
  return nts::Server::descriptors(server_settings(config)) + kOwnDescriptors;
}

}  // namespace

KeDaemon::KeDaemon(control::Config config, control::ConfigSources sources)
    : config_{std::move(config)},
      sources_{std::move(sources)},
      user_{value_or_throw(control::user_to_become(config_.ke.user, "ke.user"))},
      directory_{value_or_throw(
          control::RunDirectory::acquire(config_.server.run_dir, "pollux-ke", user_))} {
  value_or_throw(control::allow_descriptors(descriptors(config_.ke)));
  server_ = value_or_throw(nts::Server::open(server_settings(config_.ke)));
  auto access = value_or_throw(control::key_access(config_));
  give_up_rights();
  open_sockets();
  // With the rights that a reload will have: what works now will work then.
  certificate_ =
      std::make_unique<CertificateKeeper>(loop_, certificate_files(config_.ke),
                                          [this](const auto& /*certificate*/) { apply_context(); });
  keys_ = std::make_unique<control::KeyKeeper>(
      loop_,
      control::KeyKeeper::Settings{
          .file = config_.nts.key_file, .access = std::move(access), .rotate = config_.nts.rotate},
      [this](const auto& /*ring*/) { apply_context(); });
  loop_.call_every(std::chrono::seconds{1}, [this] { every_second(); });
}

void KeDaemon::open_sockets() {
  observe_ = value_or_throw(control::ObserveServer::open(
      loop_, directory_.path() / "observe.sock", [this] { return ke_document(look()).dump(); }));
  control_ = value_or_throw(control::ControlServer::open(
      loop_, directory_.path() / "control.sock",
      [this](const std::string& verb, const nlohmann::json&) { return on_request(verb); }));
}

void KeDaemon::give_up_rights() {
  const control::Rights kept{.user = user_};
  if (const auto trouble = control::lock_memory(kept)) log_warning("{}", *trouble);
  value_or_throw(control::give_up_all_but(kept));
  if (::geteuid() == 0) log_warning("runs as root: ke.user names a user for it");
}

void KeDaemon::run() {
  filter_trouble_ = filter_system_calls();
  server_->start(std::make_shared<const nts::Context>(
      make_context(config_.ke, certificate_->certificate(), keys_->ring())));
  log_info("answering at TCP port {}; addresses: {}, workers: {}", server_->port(),
           config_.ke.listen.size(), config_.ke.workers);
  every_second();
  notify_.ready(ke_status(look()));
  loop_.run();
  log_info("stopping");
  notify_.stopping("stopping");
  server_->stop();
}

void KeDaemon::apply_context() {
  if (!certificate_ || !keys_) return;  // not both are there yet
  server_->apply(std::make_shared<const nts::Context>(
      make_context(config_.ke, certificate_->certificate(), keys_->ring())));
}

void KeDaemon::every_second() {
  const KeInput input = look();
  // Trouble with certificate and keys is in the log already, from who has found it.
  KeInput untold = input;
  untold.certificate_trouble.reset();
  untold.keys.trouble.reset();
  const auto warnings = ke_warnings(untold);
  std::set<std::string> now;
  for (const auto* list : {&warnings.troubles, &warnings.notes})
    now.insert(list->begin(), list->end());
  for (const auto& warning : now) {
    if (!warned_.contains(warning)) log_warning("{}", warning);
  }
  warned_ = std::move(now);
  notify_.status(ke_status(input));
  if (server_->all_alive()) notify_.watchdog();
}

nlohmann::json KeDaemon::on_request(const std::string& verb) {
  if (verb == "reload") return reload();
  if (verb == "rotate") return rotate();
  return control_failure(fmt::format("pollux-ke does not know the verb {}", verb));
}

nlohmann::json KeDaemon::reload() {
  notify_.reloading();
  const auto wanted = control::load_config(sources_, control::Program::kPolluxKe);
  nlohmann::json reply = wanted ? apply(*wanted) : control_failure(control::all_of(wanted.error()));
  if (reply.value("ok", false)) {
    log_info("configuration, certificate and keys reloaded");
  } else {
    log_error("reload refused, nothing changed: {}", reply.value("error", ""));
  }
  notify_.ready(ke_status(look()));
  return reply;
}

nlohmann::json KeDaemon::apply(const control::Config& wanted) {
  const auto fixed = restart_required(config_, wanted, control::Program::kPolluxKe);
  if (!fixed.empty()) {
    return control_failure(
        fmt::format("these keys cannot change without a restart: {}", fmt::join(fixed, ", ")));
  }
  if (auto allowed = control::allow_descriptors(descriptors(wanted.ke)); !allowed)
    return control_failure(allowed.error());
  auto candidate = certificate_->load(certificate_files(wanted.ke));
  if (!candidate) return control_failure(candidate.error());
  config_ = wanted;
  control::set_log_level(config_.server.log_level);
  server_->apply(server_limits(config_.ke));
  certificate_->use(std::move(*candidate));
  keys_->set_rotation(config_.nts.rotate);
  keys_->look();
  apply_context();
  return control_success("configuration, certificate and keys reloaded");
}

nlohmann::json KeDaemon::rotate() {
  const auto rotated = keys_->rotate();
  if (!rotated) return control_failure(rotated.error());
  return control_success(
      fmt::format("key {:08X} seals cookies from now on", keys_->ring().current().id));
}

KeInput KeDaemon::look() const {
  const auto seconds = [](std::chrono::system_clock::time_point time) {
    return std::chrono::floor<std::chrono::seconds>(time);
  };
  const std::chrono::duration<double> uptime = std::chrono::steady_clock::now() - started_steady_;
  return {.now = seconds(std::chrono::system_clock::now()),
          .started = seconds(started_),
          .uptime_seconds = uptime.count(),
          .certificate = *certificate_->certificate(),
          .certificate_trouble = certificate_->trouble(),
          .counts = server_->counts(),
          .open_sessions = server_->open_sessions(),
          .workers = config_.ke.workers,
          .keys = keys_->report(),
          .filter_trouble = filter_trouble_};
}

}  // namespace pollux::ke
