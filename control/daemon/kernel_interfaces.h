// What polluxd holds of the kernel interfaces that are its ports: the claim to each, its XDP
// program, and sockets that keep the kernel from calling NTP there unreachable. Control thread;
// outlives the data plane.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "control/config/config.h"
#include "control/daemon/guard_socket.h"
#include "control/daemon/interface_facts.h"
#include "control/daemon/interface_lock.h"
#include "dataplane/xdp/interface_program.h"
#include "dataplane/xdp/object_file.h"

namespace pollux::control {

class KernelInterfaces {
 public:
  // Before DPDK: claims the interfaces, takes XDP programs of dead daemons off, opens the sockets.
  // `config` has the addresses of every port. Throws std::runtime_error with a sentence.
  KernelInterfaces(const Config& config, const std::vector<InterfaceFacts>& facts);

  // The path of the XDP program for DPDK's driver; empty where no port needs it.
  [[nodiscard]] std::string xdp_object() const { return object_ ? object_->path() : ""; }

  // When DPDK has attached the program; needs CAP_SYS_ADMIN and CAP_NET_ADMIN. Throws
  // std::runtime_error.
  void find_programs();

  // When the workers run: from now on requests are theirs. Throws std::runtime_error.
  void open(const Config& config, const std::vector<InterfaceFacts>& facts);

  // After the data plane has taken up changed addresses or rules.
  void follow(const Config& config, const std::vector<InterfaceFacts>& facts);

  // Opens sockets that could not be opened before. To be called now and then.
  void retry();

  // Those of the last call above.
  [[nodiscard]] std::vector<std::string> warnings() const;

 private:
  struct Guard {
    std::optional<GuardSocket> socket;
    int error = 0;
  };
  struct Interface {
    std::string port;
    unsigned index;  // the kernel's
    InterfaceDriver driver;
    std::uint16_t ntp_port;
    InterfaceLock lock;
    std::unique_ptr<xdp::InterfaceProgram> program;
    std::map<IpAddress, Guard> guards;
    std::string trouble;  // with the program
  };

  void guard(const Config& config, const std::vector<InterfaceFacts>& facts);
  [[nodiscard]] static std::string warning_of(const Interface& interface, const IpAddress& address,
                                              int error);

  std::unique_ptr<xdp::ObjectFile> object_;
  std::map<std::size_t, Interface> interfaces_;  // by the index of the port
};

// What the XDP program of a port is told.
[[nodiscard]] xdp::Rules xdp_rules(const Config& config, const PortConfig& port,
                                   const InterfaceFacts& facts);

}  // namespace pollux::control
