#include "dataplane/xdp/interface_program.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <linux/if_link.h>
#include <net/if.h>

#include <array>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <system_error>
#include <utility>
#include <vector>

namespace pollux::xdp {

namespace {

// A program on an interface, and the place where it runs.
struct Attached {
  std::uint32_t id;
  std::uint32_t flag;   // XDP_FLAGS_..._MODE
  const char* command;  // of ip-link(8)
};

[[noreturn]] void fail(const std::string& interface, const std::string& what, int error) {
  throw std::runtime_error(
      fmt::format("{}: {}: {}", interface, what, std::generic_category().message(error)));
}

std::vector<Attached> attached_to(int index, const std::string& interface) {
  bpf_xdp_query_opts found{};
  found.sz = sizeof found;
  if (const int error = bpf_xdp_query(index, 0, &found); error != 0)
    fail(interface, "the kernel does not tell its XDP program", -error);
  std::vector<Attached> programs;
  const std::array<Attached, 3> places{{{found.drv_prog_id, XDP_FLAGS_DRV_MODE, "xdpdrv"},
                                        {found.skb_prog_id, XDP_FLAGS_SKB_MODE, "xdpgeneric"},
                                        {found.hw_prog_id, XDP_FLAGS_HW_MODE, "xdpoffload"}}};
  for (const Attached& place : places) {
    if (place.id != 0) programs.push_back(place);
  }
  return programs;
}

LoadedProgram load(const std::string& interface, std::uint32_t id) {
  auto program = LoadedProgram::find(id);
  if (!program)
    fail(interface, fmt::format("its XDP program {} cannot be looked at", id), program.error());
  return std::move(*program);
}

// Gives 0 or an errno. Nothing happens when another program has taken its place meanwhile.
int detach(int index, const LoadedProgram& program, std::uint32_t flag) {
  bpf_xdp_attach_opts expected{};
  expected.sz = sizeof expected;
  expected.old_prog_fd = program.descriptor();
  return -bpf_xdp_detach(index, flag | XDP_FLAGS_REPLACE, &expected);
}

void (*library_log)(const char* line) = nullptr;

[[gnu::format(printf, 2, 0)]] int print(libbpf_print_level level, const char* format,
                                        va_list arguments) {
  if (level == LIBBPF_DEBUG) return 0;
  std::array<char, 512> line{};
  const int length = std::vsnprintf(line.data(), line.size(), format, arguments);
  if (char* end = std::strchr(line.data(), '\n')) *end = '\0';
  library_log(line.data());
  return length;
}

}  // namespace

InterfaceProgram::InterfaceProgram(std::string interface, AttachMode mode)
    : interface_{std::move(interface)},
      index_{static_cast<int>(if_nametoindex(interface_.c_str()))},
      mode_{mode} {
  if (index_ == 0) throw std::runtime_error(fmt::format("there is no interface {}", interface_));
  for (const Attached& attached : attached_to(index_, interface_)) {
    const auto program = load(interface_, attached.id);
    if (!program.is_ours()) {
      throw std::runtime_error(fmt::format(
          "{} has an XDP program that is not Pollux's ({}, id {}) and stays untouched; ip link set "
          "dev {} {} off takes it off, or use driver = \"af_packet\"",
          interface_, program.name(), attached.id, interface_, attached.command));
    }
    if (const int error = detach(index_, program, attached.flag); error != 0)
      fail(interface_, "the XDP program of an earlier polluxd cannot be taken off", error);
  }
}

InterfaceProgram::~InterfaceProgram() {
  if (!program_) return;
  // DPDK takes it off where it has put it, but not what was moved.
  for (const std::uint32_t flag : {XDP_FLAGS_DRV_MODE, XDP_FLAGS_SKB_MODE})
    static_cast<void>(detach(index_, *program_, flag));
}

void InterfaceProgram::find() {
  const auto attached = attached_to(index_, interface_);
  if (attached.size() != 1)
    throw std::runtime_error(fmt::format("{} has no XDP program, or several", interface_));
  auto program = load(interface_, attached.front().id);
  if (!program.is_ours()) {
    throw std::runtime_error(fmt::format("the XDP program {} on {} is not the one that was loaded",
                                         program.name(), interface_));
  }
  program_ = std::move(program);
  maps_.emplace(*program_);
  const bool is_native = attached.front().flag == XDP_FLAGS_DRV_MODE;
  if (mode_ == AttachMode::kNative && !is_native) {
    throw std::runtime_error(fmt::format(
        "{}: its driver runs no XDP programs, which port.xdp_mode = \"native\" wants", interface_));
  }
  if (mode_ == AttachMode::kGeneric && is_native) move_to_generic(*program_);
}

void InterfaceProgram::move_to_generic(const LoadedProgram& program) const {
  int error = detach(index_, program, XDP_FLAGS_DRV_MODE);
  if (error == 0) {
    error = -bpf_xdp_attach(index_, program.descriptor(),
                            XDP_FLAGS_SKB_MODE | XDP_FLAGS_UPDATE_IF_NOEXIST, nullptr);
  }
  if (error != 0) fail(interface_, "the XDP program cannot be attached in generic mode", error);
}

std::expected<void, std::string> InterfaceProgram::set(const Rules& rules) {
  if (!maps_) return std::unexpected{fmt::format("{} has no XDP program", interface_)};
  return maps_->set(rules);
}

void set_library_log(void (*log)(const char* line)) {
  library_log = log;
  libbpf_set_print(log == nullptr ? nullptr : print);
}

}  // namespace pollux::xdp
