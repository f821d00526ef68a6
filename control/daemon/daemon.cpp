#include "control/daemon/daemon.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <stdexcept>
#include <utility>

#include "control/daemon/clock_document.h"
#include "control/daemon/daemon_rights.h"
#include "control/daemon/drift_file.h"
#include "control/service/log.h"
#include "control/service/replace_file.h"
#include "control/service/value_or_throw.h"

namespace pollux::control {

namespace {

std::string addresses_text(const PortConfig& port) {
  std::vector<std::string> texts;
  for (const auto& own : port.ipv4) texts.push_back(to_string(own));
  for (const auto& own : port.ipv6) texts.push_back(to_string(own));
  return texts.empty() ? "none" : fmt::format("{}", fmt::join(texts, ", "));
}

}  // namespace

Daemon::Daemon(Config config, ConfigSources sources)
    : config_{std::move(config)},
      sources_{std::move(sources)},
      user_{value_or_throw(user_to_become(config_.server.user, "server.user"))},
      directory_{value_or_throw(RunDirectory::acquire(config_.server.run_dir, "polluxd", user_))},
      facts_{read_port_facts(config_)},
      whole_{with_own_addresses(config_, facts_)},
      interfaces_{whole_, facts_},
      cores_{worker_cores(config_, port::allowed_cpus())},
      eal_{make_eal_settings(config_, cores_)},
      clock_{config_.clock, directory_.path(), latch_},
      dataplane_{make_dataplane_settings(whole_, facts_, cores_, phc::counter_source(),
                                         clock_.counter_hertz(), interfaces_.xdp_object()),
                 latch_},
      watch_{loop_, [this] { follow_interfaces(); }} {
  interfaces_.find_programs();
  give_up_rights();
  // With the rights that a reload will have: what works now will work then.
  nts_ = std::make_unique<NtsKeys>(loop_, config_,
                                   [this](const nts::KeyRing& ring) { apply_keys(ring); });
  prepare_clock();
  clock_.start();
  dataplane_.start();
  interfaces_.open(whole_, facts_);
  follow_interfaces();  // of what happened since the first look
  open_sockets();
  loop_.call_every(std::chrono::seconds{1}, [this] { every_second(); });
  loop_.call_every(port::Dataplane::kClockInterval, [this] { dataplane_.follow_clocks(); });
}

void Daemon::give_up_rights() {
  const bool stays_root = geteuid() == 0 && !user_;
  Rights kept{.user = user_, .capabilities = capabilities_to_keep(config_)};
  // Root without capabilities could not read the files of others, such as the keys of pollux-ke.
  if (stays_root) kept.capabilities.reset();
  if (const auto trouble = lock_memory(kept)) log_warning("{}", *trouble);
  value_or_throw(give_up_all_but(kept));
  if (stays_root) log_warning("runs as root: server.user names a user for it");
}

void Daemon::prepare_clock() {
  read_leap_file();
  if (config_.clock.drift_file == kNoFile) return;
  warn_of_directory();
  const auto drift = read_drift(config_.clock.drift_file);
  if (!drift) {
    log_warning("{}: ignored, the counter's rate is learnt anew", drift.error());
    return;
  }
  const std::optional<Drift>& known = *drift;
  if (known && !clock_.expect(*known))
    log_warning("{}: the rate of another counter, ignored", config_.clock.drift_file);
}

void Daemon::read_leap_file() {
  if (config_.clock.leap_file == kNoFile) return;
  const auto table = leap_file_.read_if_changed();
  if (!table) {
    log_warning("{}; the table that was read before stays in force, if any", table.error());
  } else if (*table) {
    clock_.set_leap_table(*table);
  }
}

void Daemon::warn_of_directory() const {
  const auto directory = directory_of(config_.clock.drift_file);
  if (access(directory.c_str(), F_OK) != 0 || access(directory.c_str(), W_OK | X_OK) == 0) return;
  log_warning("{}: the counter's rate is not kept: user {} may not write to this directory",
              directory.string(), geteuid());
}

// Where the package has made no directory for it, nothing is kept.
void Daemon::keep_drift() {
  const std::filesystem::path file{config_.clock.drift_file};
  std::error_code error;
  if (file == kNoFile || !std::filesystem::is_directory(file.parent_path(), error)) return;
  const auto drift = clock_.report().drift;
  if (!drift) return;
  const auto written = write_drift(file, *drift);
  if (!written && !drift_failed_) log_warning("{}", written.error());
  drift_failed_ = !written;
}

void Daemon::apply_keys(const nts::KeyRing& ring) {
  if (!dataplane_.apply_keys(ring))
    log_warning("a worker has not taken up the new NTS keys within a second");
}

void Daemon::open_sockets() {
  observe_ = value_or_throw(ObserveServer::open(loop_, directory_.path() / "observe.sock",
                                                [this] { return document(); }));
  control_ = value_or_throw(ControlServer::open(
      loop_, directory_.path() / "control.sock",
      [this](const std::string& verb, const nlohmann::json&) { return on_request(verb); }));
}

void Daemon::run() {
  const auto clock = clock_.report();
  for (const auto& warning : warnings(clock, look_at_dataplane())) log_warning("{}", warning);
  log_info("answering; ports: {}, workers: {}", config_.ports.size(), cores_.size());
  notify_.ready(status_sentence(clock));
  loop_.run();
  log_info("stopping");
  notify_.stopping("stopping");
  dataplane_.stop();
  keep_drift();
}

void Daemon::every_second() {
  const auto now = std::chrono::steady_clock::now();
  dataplane_.follow_links();
  interfaces_.retry();
  auto report = look_at_dataplane();
  rates_ = make_rates(last_report_, report, std::chrono::duration<double>(now - last_look_).count(),
                      clock_.counter_hertz());
  last_look_ = now;
  feed_watchdog(report);
  last_report_ = std::move(report);
  log_change_of_state(clock_.report());
  if (now < next_files_) return;
  next_files_ = now + std::chrono::minutes{10};
  read_leap_file();
  keep_drift();
}

void Daemon::log_change_of_state(const ClockReport& clock) {
  for (std::size_t i = 0; i < clock.sources.size(); ++i) {
    const SourceReport& source = clock.sources[i];
    if (i < source_states_.size() && source_states_[i] != source.state)
      log_info("{}", source_sentence(source));
  }
  source_states_.clear();
  for (const SourceReport& source : clock.sources) source_states_.push_back(source.state);
  const std::string status = status_sentence(clock);
  notify_.status(status);
  const bool synchronised = is_synchronised(clock);
  if (synchronised == was_synchronised_) return;
  was_synchronised_ = synchronised;
  if (synchronised) {
    log_info("{}", status);
  } else {
    log_warning("{}", status);
  }
}

// The drivers of kernel interfaces never see the link go: the kernel is asked.
port::DataplaneReport Daemon::look_at_dataplane() const {
  auto report = dataplane_.report();
  for (std::size_t i = 0; i < report.ports.size(); ++i) {
    const PortConfig& port = config_.ports[i];
    if (port.kind == PortKind::kInterface) report.ports[i].link_up = has_carrier(port.device);
  }
  return report;
}

// A worker or a clock that stands still is left to systemd to notice and to restart.
void Daemon::feed_watchdog(const port::DataplaneReport& newest) {
  if (!clock_.report().alive) return;
  for (std::size_t i = 0; i < last_report_.workers.size(); ++i) {
    if (newest.workers[i].polls == last_report_.workers[i].polls) return;
  }
  notify_.watchdog();
}

nlohmann::json Daemon::on_request(const std::string& verb) {
  if (verb == "reload") return reload();
  return control_failure(fmt::format("polluxd does not know the verb {}", verb));
}

nlohmann::json Daemon::reload() {
  notify_.reloading();
  const auto wanted = load_config(sources_, Program::kPolluxd);
  nlohmann::json reply = wanted ? apply(*wanted) : control_failure(all_of(wanted.error()));
  if (reply.value("ok", false)) {
    log_info("configuration reloaded");
  } else {
    log_error("reload refused, nothing changed: {}", reply.value("error", ""));
  }
  notify_.ready(status_sentence(clock_.report()));
  return reply;
}

nlohmann::json Daemon::apply(const Config& wanted) {
  const auto fixed = restart_required(config_, wanted, Program::kPolluxd);
  if (!fixed.empty()) {
    return control_failure(
        fmt::format("these keys cannot change without a restart: {}", fmt::join(fixed, ", ")));
  }
  bool settled = false;
  try {
    settled = take_up(wanted, read_port_facts(wanted));
  } catch (const std::runtime_error& refused) {
    return control_failure(refused.what());
  }
  set_log_level(wanted.server.log_level);
  nts_->look();
  return control_success(
      settled ? "configuration reloaded"
              : "configuration reloaded, but a worker has not taken it up within a second");
}

// Returns false when some worker has not taken up the rules within a second. Workers know an
// address before frames to it come, and a while longer.
bool Daemon::take_up(const Config& wanted, PortFacts facts) {
  Config whole = with_own_addresses(wanted, facts);
  const bool settled = dataplane_.apply(make_policies(whole, facts), wanted.limits.host_replies);
  interfaces_.follow(whole, facts);
  config_ = wanted;
  whole_ = std::move(whole);
  facts_ = std::move(facts);
  return settled;
}

// An address that leaves the kernel does not become Pollux's alone by that: it may come back, or go
// to another host. A reload decides anew.
void Daemon::follow_interfaces() {
  auto facts = read_port_facts(config_);
  for (std::size_t i = 0; i < facts.size(); ++i) keep_host_addresses(facts[i], facts_[i]);
  if (facts == facts_) return;
  const Config before = whole_;
  try {
    if (!take_up(Config{config_}, std::move(facts)))
      log_warning("a worker has not taken up changed addresses within a second");
  } catch (const std::runtime_error& refused) {
    log_error("changed addresses are not taken up: {}", refused.what());
  }
  for (std::size_t i = 0; i < whole_.ports.size(); ++i) {
    const PortConfig& port = whole_.ports[i];
    if (port.ipv4 != before.ports[i].ipv4 || port.ipv6 != before.ports[i].ipv6)
      log_info("port {}: addresses are now {}", port.name, addresses_text(port));
  }
}

std::vector<std::string> Daemon::warnings(const ClockReport& clock,
                                          const port::DataplaneReport& dataplane) const {
  auto all = clock_warnings(config_.clock, clock);
  for (auto& warning : port_warnings(whole_, facts_, cores_.size()))
    all.push_back(std::move(warning));
  for (auto& warning : interfaces_.warnings()) all.push_back(std::move(warning));
  for (const auto& port : dataplane.ports) {
    if (!port.link_up) all.push_back(fmt::format("port {}: the link is down", port.name));
    if (port.kernel && !port.kernel->trouble.empty()) {
      all.push_back(
          fmt::format("port {}: {}: {}", port.name, port.kernel->interface, port.kernel->trouble));
    }
    if (port.queues < cores_.size()) {
      all.push_back(
          fmt::format("port {}: {} queues for {} workers; the other workers do not serve it",
                      port.name, port.queues, cores_.size()));
    }
  }
  return all;
}

std::string Daemon::document() const {
  auto clock = clock_.report();
  for (SourceReport& source : clock.sources) {
    if (source.ena) source.ena_counters = phc::read_ena_counters(*source.ena, *kernel_);
  }
  const auto dataplane = look_at_dataplane();
  const std::chrono::duration<double> uptime = std::chrono::steady_clock::now() - started_steady_;
  ObserveInput input{.config = whole_,
                     .clock = clock,
                     .dataplane = dataplane,
                     .rates = rates_,
                     .warnings = warnings(clock, dataplane),
                     .status = status_sentence(clock),
                     .started = started_,
                     .uptime_seconds = uptime.count(),
                     .sleeps_when_idle = sleeps_when_idle(config_),
                     .nts = nts_->document()};
  if (auto warning = nts_->warning()) input.warnings.push_back(std::move(*warning));
  for (std::size_t i = 0; i < config_.ports.size(); ++i) {
    input.kernel_behind.push_back(kernel_behind(whole_.ports[i], facts_[i]));
  }
  return observe_document(input).dump();
}

}  // namespace pollux::control
