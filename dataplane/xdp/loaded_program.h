// A program in the kernel, with its maps. Control thread; owns descriptors of both, which keep them
// in the kernel.
#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <string>

#include "dataplane/xdp/descriptor.h"

namespace pollux::xdp {

class LoadedProgram {
 public:
  // On error an errno: that of bpf(2). Needs CAP_SYS_ADMIN.
  [[nodiscard]] static std::expected<LoadedProgram, int> find(std::uint32_t id);
  // Takes the descriptor of a program over.
  [[nodiscard]] static std::expected<LoadedProgram, int> of(Descriptor program);

  [[nodiscard]] std::uint32_t id() const noexcept { return id_; }
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] int descriptor() const noexcept { return program_.get(); }

  // -1 where there is no map of that name.
  [[nodiscard]] int map(const std::string& name) const noexcept;

  // Whether this is Pollux's own program, of this version or another: by its name and its maps.
  [[nodiscard]] bool is_ours() const noexcept;

 private:
  [[nodiscard]] int read_maps(std::uint32_t count);

  Descriptor program_;
  std::uint32_t id_ = 0;
  std::string name_;
  std::map<std::string, Descriptor> maps_;
};

}  // namespace pollux::xdp
