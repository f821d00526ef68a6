// polluxd as a whole: wires clock, data plane and sockets together and runs the control thread's
// loop.
#pragma once

#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "control/config/config.h"
#include "control/config/run_program.h"
#include "control/daemon/clock_loop.h"
#include "control/daemon/dataplane_settings.h"
#include "control/daemon/interface_watch.h"
#include "control/daemon/kernel_interfaces.h"
#include "control/daemon/leap_file.h"
#include "control/daemon/nts_keys.h"
#include "control/daemon/observe_document.h"
#include "control/service/control_socket.h"
#include "control/service/event_loop.h"
#include "control/service/notify.h"
#include "control/service/observe.h"
#include "control/service/privileges.h"
#include "control/service/run_directory.h"
#include "control/service/signals.h"
#include "dataplane/port/dataplane.h"
#include "dataplane/port/eal.h"
#include "ptp/clock/snapshot_latch.h"

namespace pollux::control {

class Daemon {
 public:
  // Opens all that the configuration names, then gives up every right that is not needed any more,
  // then starts clock and workers. Throws std::runtime_error with a sentence. SIGTERM,
  // SIGINT and SIGHUP must be blocked in every thread.
  Daemon(Config config, ConfigSources sources);

  // Answers requests until SIGTERM or SIGINT.
  void run();

 private:
  void open_sockets();
  void every_second();
  [[nodiscard]] nlohmann::json on_request(const std::string& verb);
  [[nodiscard]] nlohmann::json reload();
  [[nodiscard]] nlohmann::json apply(const Config& wanted);
  [[nodiscard]] bool take_up(const Config& wanted, PortFacts facts);
  void follow_interfaces();
  [[nodiscard]] std::string document() const;
  [[nodiscard]] std::vector<std::string> warnings(const ClockReport& clock,
                                                  const port::DataplaneReport& dataplane) const;
  void log_change_of_state(const ClockReport& clock);
  void give_up_rights();
  void prepare_clock();
  void warn_of_directory() const;
  void read_leap_file();
  void keep_drift();
  void apply_keys(const nts::KeyRing& ring);
  [[nodiscard]] port::DataplaneReport look_at_dataplane() const;
  void feed_watchdog(const port::DataplaneReport& newest);

  // In the order in which they are needed: destruction goes the other way.
  Config config_;  // as it was read
  ConfigSources sources_;
  std::optional<User> user_;  // to become
  RunDirectory directory_;
  PortFacts facts_;
  Config whole_;  // with the addresses of interfaces
  KernelInterfaces interfaces_;
  std::vector<unsigned> cores_;
  port::Eal eal_;
  clock::SnapshotLatch latch_;
  ClockLoop clock_;
  port::Dataplane dataplane_;
  EventLoop loop_;
  InterfaceWatch watch_;
  std::unique_ptr<NtsKeys> nts_;  // from the constructor on
  SignalWatch signals_{loop_, [this] { static_cast<void>(reload()); }, [this] { loop_.stop(); }};
  std::unique_ptr<ObserveServer> observe_;
  std::unique_ptr<ControlServer> control_;
  Notify notify_;

  std::chrono::system_clock::time_point started_ = std::chrono::system_clock::now();
  std::chrono::steady_clock::time_point started_steady_ = std::chrono::steady_clock::now();
  std::chrono::steady_clock::time_point last_look_ = started_steady_;
  port::DataplaneReport last_report_;
  Rates rates_;
  std::optional<bool> was_synchronised_;           // none before the first look
  std::vector<clock::SourceState> source_states_;  // at the last look
  std::unique_ptr<phc::PhcKernel> kernel_ = phc::make_linux_phc_kernel();  // of this thread

  LeapFile leap_file_{config_.clock.leap_file};
  std::chrono::steady_clock::time_point next_files_ = started_steady_;
  bool drift_failed_ = false;
};

}  // namespace pollux::control
