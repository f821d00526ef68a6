#include "tests/unit/xdp/live_program.h"

#include <bpf/bpf.h>
#include <linux/if_xdp.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

#include "dataplane/xdp/object_file.h"

namespace pollux::test {

namespace {

constexpr std::size_t kMemory = 4096;  // of the socket: one frame's

std::unexpected<std::string> because(const char* what) {
  return std::unexpected{std::string{what} + ": " + std::strerror(errno)};
}

}  // namespace

void LiveProgram::Unmapper::operator()(void* memory) const { munmap(memory, kMemory); }

std::expected<std::unique_ptr<LiveProgram>, std::string> LiveProgram::load() {
  auto live = std::make_unique<LiveProgram>();
  const auto octets = xdp::object_octets();
  live->object_.reset(bpf_object__open_mem(octets.data(), octets.size(), nullptr));
  if (!live->object_) return because("the compiled program cannot be read");
  if (bpf_object__load(live->object_.get()) != 0) return because("bpf(2) loads no program here");
  const int number = bpf_program__fd(bpf_object__next_program(live->object_.get(), nullptr));
  auto program = xdp::LoadedProgram::of(xdp::Descriptor{dup(number)});
  if (!program) return because("bpf(2) tells nothing of a program here");
  live->program_ = std::make_unique<xdp::LoadedProgram>(std::move(*program));
  live->maps_ = std::make_unique<xdp::RuleMaps>(*live->program_);
  return live;
}

// A socket with memory is enough for the map; it need not be bound to an interface.
std::expected<void, std::string> LiveProgram::open_queue() {
  socket_ = xdp::Descriptor{socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0)};
  if (!socket_) return because("there are no AF_XDP sockets here");
  void* memory = mmap(nullptr, kMemory, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return because("no memory");
  memory_.reset(memory);
  xdp_umem_reg registration{};
  registration.addr = reinterpret_cast<std::uintptr_t>(memory);
  registration.len = kMemory;
  registration.chunk_size = kMemory;
  if (setsockopt(socket_.get(), SOL_XDP, XDP_UMEM_REG, &registration, sizeof registration) != 0)
    return because("an AF_XDP socket takes no memory here");
  const std::uint32_t queue = 0;
  const int number = socket_.get();
  if (bpf_map_update_elem(program_->map("xsks_map"), &queue, &number, BPF_ANY) != 0)
    return because("a socket cannot be put into xsks_map");
  return {};
}

Way LiveProgram::way_of(const Octets& frame) const {
  bpf_test_run_opts run{};
  run.sz = sizeof run;
  run.data_in = frame.data();
  run.data_size_in = static_cast<std::uint32_t>(frame.size());
  run.repeat = 1;
  if (bpf_prog_test_run_opts(program_->descriptor(), &run) != 0)
    throw std::runtime_error(std::string{"BPF_PROG_TEST_RUN: "} + std::strerror(errno));
  if (run.retval == XDP_PASS) return Way::kKernel;
  if (run.retval == XDP_REDIRECT) return Way::kPollux;
  throw std::runtime_error("neither passed nor redirected: " + std::to_string(run.retval));
}

}  // namespace pollux::test
