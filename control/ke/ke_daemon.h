// pollux-ke as a whole: wires the server, its certificate, its keys and the sockets together and
// runs the control thread's loop.
#pragma once

#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>

#include "control/config/config.h"
#include "control/config/run_program.h"
#include "control/ke/certificate_keeper.h"
#include "control/ke/ke_document.h"
#include "control/keys/key_keeper.h"
#include "control/service/control_socket.h"
#include "control/service/event_loop.h"
#include "control/service/notify.h"
#include "control/service/observe.h"
#include "control/service/privileges.h"
#include "control/service/run_directory.h"
#include "control/service/signals.h"
#include "nts/ke/server.h"

namespace pollux::ke {

class KeDaemon {
 public:
  // Opens all that the configuration names, and gives up every right that is not needed any more.
  // Throws std::runtime_error with a sentence. SIGTERM, SIGINT and SIGHUP must be blocked, and
  // there may be no other thread yet.
  KeDaemon(control::Config config, control::ConfigSources sources);

  // Serves until SIGTERM or SIGINT.
  void run();

 private:
  void open_sockets();
  void give_up_rights();
  void every_second();
  void apply_context();
  [[nodiscard]] nlohmann::json on_request(const std::string& verb);
  [[nodiscard]] nlohmann::json reload();
  [[nodiscard]] nlohmann::json apply(const control::Config& wanted);
  [[nodiscard]] nlohmann::json rotate();
  [[nodiscard]] KeInput look() const;

  // In the order in which they are needed: destruction goes the other way.
  control::Config config_;
  control::ConfigSources sources_;
  std::optional<control::User> user_;  // to become
  control::RunDirectory directory_;
  control::EventLoop loop_;
  std::unique_ptr<nts::Server> server_;
  control::SignalWatch signals_{loop_, [this] { static_cast<void>(reload()); },
                                [this] { loop_.stop(); }};
  std::unique_ptr<control::ObserveServer> observe_;
  std::unique_ptr<control::ControlServer> control_;
  std::unique_ptr<CertificateKeeper> certificate_;
  std::unique_ptr<control::KeyKeeper> keys_;
  std::optional<std::string> filter_trouble_;
  control::Notify notify_;

  std::chrono::system_clock::time_point started_ = std::chrono::system_clock::now();
  std::chrono::steady_clock::time_point started_steady_ = std::chrono::steady_clock::now();
  std::set<std::string> warned_;  // at the last look
};

}  // namespace pollux::ke
