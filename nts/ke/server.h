// The key establishment server: worker threads, and what they share. Made, started, changed and
// stopped by one control thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "nts/core/aead.h"
#include "nts/ke/admission.h"
#include "nts/ke/context.h"
#include "nts/ke/counters.h"
#include "nts/ke/worker.h"

namespace pollux::nts {

// What may change while it runs.
struct ServerLimits {
  // Of a session, from its connection on. One that began with a longer one keeps it, and those
  // behind it wait for that.
  std::chrono::milliseconds deadline{3000};
  std::size_t connections = 500;  // open at once, of all workers
  AdmissionSettings admission;
};

struct ServerSettings {
  std::vector<std::string> addresses;  // IPv4 and IPv6, as text
  std::uint16_t port = 4460;           // RFC 8915 §7.1; 0: the kernel chooses, for tests
  std::size_t workers = 1;
  ServerLimits limits;
  std::function<std::unique_ptr<Aead>()> make_aead;  // one for each worker
};

class Server {
 public:
  // Opens the listening sockets; nothing is accepted yet. The error is a sentence.
  [[nodiscard]] static std::expected<std::unique_ptr<Server>, std::string> open(
      const ServerSettings& settings);

  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Throws std::system_error where there are no threads to be had.
  void start(std::shared_ptr<const Context> context);
  // Ends within Worker::kGrace; sessions that are quick come to their end.
  void stop();

  // For sessions that begin, and those that answer, from now on.
  void apply(std::shared_ptr<const Context> context) { shared_.contexts.store(std::move(context)); }
  void apply(const ServerLimits& limits);

  [[nodiscard]] CountValues counts() const;
  [[nodiscard]] std::size_t open_sessions() const { return shared_.open.load(); }
  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }  // of the first address

  // False when a worker has not come round since the last call; for a watchdog, once a second at
  // most.
  [[nodiscard]] bool all_alive();

  // Descriptors that the sockets of these settings take, open connections included.
  [[nodiscard]] static std::size_t descriptors(const ServerSettings& settings);

 private:
  explicit Server(const Admission::HashKey& key) : shared_{key} {}

  Shared shared_;
  std::uint16_t port_ = 0;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<std::jthread> threads_;
  std::vector<std::uint64_t> rounds_;  // of each worker, when all_alive() was asked last
};

}  // namespace pollux::nts
