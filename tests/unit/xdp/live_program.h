// The XDP program loaded into this machine's kernel, run there on single frames, attached to
// nothing. For tests only.
#pragma once

#include <bpf/libbpf.h>

#include <expected>
#include <memory>
#include <string>

#include "dataplane/xdp/loaded_program.h"
#include "dataplane/xdp/rule_maps.h"
#include "tests/support/octets.h"

namespace pollux::test {

enum class Way : std::uint8_t { kKernel, kPollux };

class LiveProgram {
 public:
  // On error why this cannot be tested here.
  [[nodiscard]] static std::expected<std::unique_ptr<LiveProgram>, std::string> load();

  // Gives queue 0 a socket; without one every frame is the kernel's. On error a sentence.
  [[nodiscard]] std::expected<void, std::string> open_queue();

  [[nodiscard]] Way way_of(const Octets& frame) const;
  [[nodiscard]] const xdp::LoadedProgram& program() const { return *program_; }
  [[nodiscard]] xdp::RuleMaps& maps() { return *maps_; }

 private:
  struct Closer {
    void operator()(bpf_object* object) const { bpf_object__close(object); }
  };
  struct Unmapper {
    void operator()(void* memory) const;
  };

  std::unique_ptr<bpf_object, Closer> object_;
  std::unique_ptr<void, Unmapper> memory_;
  xdp::Descriptor socket_;
  std::unique_ptr<xdp::LoadedProgram> program_;
  std::unique_ptr<xdp::RuleMaps> maps_;
};

}  // namespace pollux::test
