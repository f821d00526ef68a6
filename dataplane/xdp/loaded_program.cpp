#include "dataplane/xdp/loaded_program.h"

#include <bpf/bpf.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

namespace pollux::xdp {

namespace {

constexpr const char* kName = "pollux_ntp";
constexpr std::array kMaps{"xsks_map", "ipv4", "ipv6", "ports", "vlans", "everything"};

template <std::size_t Size>
std::string text_of(const char (&field)[Size]) {
  return {field, strnlen(field, Size)};
}

}  // namespace

std::expected<LoadedProgram, int> LoadedProgram::find(std::uint32_t id) {
  Descriptor program{bpf_prog_get_fd_by_id(id)};
  if (!program) return std::unexpected{errno};
  return of(std::move(program));
}

std::expected<LoadedProgram, int> LoadedProgram::of(Descriptor program) {
  LoadedProgram loaded;
  loaded.program_ = std::move(program);
  bpf_prog_info info{};
  std::uint32_t length = sizeof info;
  if (bpf_obj_get_info_by_fd(loaded.program_.get(), &info, &length) != 0)
    return std::unexpected{errno};
  loaded.id_ = info.id;
  loaded.name_ = text_of(info.name);
  if (const int error = loaded.read_maps(info.nr_map_ids); error != 0)
    return std::unexpected{error};
  return loaded;
}

// Gives 0 or an errno.
int LoadedProgram::read_maps(std::uint32_t count) {
  std::vector<std::uint32_t> ids(count);
  bpf_prog_info info{};
  info.nr_map_ids = count;
  info.map_ids = reinterpret_cast<std::uintptr_t>(ids.data());
  std::uint32_t length = sizeof info;
  if (bpf_obj_get_info_by_fd(program_.get(), &info, &length) != 0) return errno;
  for (const std::uint32_t id : ids) {
    Descriptor map{bpf_map_get_fd_by_id(id)};
    bpf_map_info map_info{};
    std::uint32_t map_length = sizeof map_info;
    if (!map || bpf_obj_get_info_by_fd(map.get(), &map_info, &map_length) != 0) return errno;
    maps_.insert_or_assign(text_of(map_info.name), std::move(map));
  }
  return 0;
}

int LoadedProgram::map(const std::string& name) const noexcept {
  const auto found = maps_.find(name);
  return found == maps_.end() ? -1 : found->second.get();
}

bool LoadedProgram::is_ours() const noexcept {
  return name_ == kName &&
         std::ranges::all_of(kMaps, [this](const char* name) { return map(name) >= 0; });
}

}  // namespace pollux::xdp
