// The XDP program of one interface, from before DPDK's driver attaches it to after it is gone.
// Control thread; owns what is attached, so that nothing of ours stays when the owner ends.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>

#include "dataplane/xdp/loaded_program.h"
#include "dataplane/xdp/rule_maps.h"

namespace pollux::xdp {

// Where the kernel runs the program. kAuto: where it can, the driver first. kGeneric: behind the
// driver, for interfaces whose driver runs it wrongly.
enum class AttachMode : std::uint8_t { kAuto, kNative, kGeneric };

class InterfaceProgram {
 public:
  // Takes a program off that a dead polluxd has left there. Throws std::runtime_error with a
  // sentence when a program of somebody else is on the interface, or the kernel says no.
  InterfaceProgram(std::string interface, AttachMode mode);
  ~InterfaceProgram();
  InterfaceProgram(const InterfaceProgram&) = delete;
  InterfaceProgram& operator=(const InterfaceProgram&) = delete;

  // Finds the program that DPDK has attached meanwhile and moves it where `mode` wants it. Throws
  // std::runtime_error with a sentence. Until set() is called every frame is the kernel's.
  void find();

  // After find(). On error a sentence.
  [[nodiscard]] std::expected<void, std::string> set(const Rules& rules);

 private:
  void move_to_generic(const LoadedProgram& program) const;

  std::string interface_;
  int index_;
  AttachMode mode_;
  std::optional<LoadedProgram> program_;
  std::optional<RuleMaps> maps_;
};

// The library's messages go to `log` instead of standard error. Lines without their end.
void set_library_log(void (*log)(const char* line));

}  // namespace pollux::xdp
