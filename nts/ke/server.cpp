#include "nts/ke/server.h"

#include <openssl/rand.h>
#include <pthread.h>

#include <exception>
#include <utility>

#include "nts/ke/listener.h"

namespace pollux::nts {

std::expected<std::unique_ptr<Server>, std::string> Server::open(const ServerSettings& settings) {
  Admission::HashKey key;
  if (RAND_bytes(reinterpret_cast<unsigned char*>(key.data()), sizeof key) != 1)
    return std::unexpected{"OpenSSL has no random numbers"};
  if (auto free = expect_free(settings.addresses, settings.port); !free)
    return std::unexpected{free.error()};
  std::unique_ptr<Server> server{new Server{key}};
  server->apply(settings.limits);
  server->port_ = settings.port;
  try {
    for (std::size_t i = 0; i < settings.workers; ++i) {
      auto sockets = listen_at(settings.addresses, server->port_, settings.limits.deadline);
      if (!sockets) return std::unexpected{sockets.error()};
      if (!sockets->empty()) server->port_ = port_of(sockets->front());
      server->workers_.push_back(
          std::make_unique<Worker>(std::move(*sockets), settings.make_aead(), server->shared_));
    }
  } catch (const std::exception& error) {
    return std::unexpected{std::string{"no worker can be made: "} + error.what()};
  }
  return server;
}

Server::~Server() { stop(); }

void Server::start(std::shared_ptr<const Context> context) {
  apply(std::move(context));
  for (const auto& worker : workers_) {
    threads_.emplace_back([it = worker.get()] { it->run(); });
    ::pthread_setname_np(threads_.back().native_handle(), "pollux-ke-work");
  }
}

void Server::stop() {
  for (const auto& worker : workers_) worker->stop();
  threads_.clear();
}

void Server::apply(const ServerLimits& limits) {
  shared_.deadline = limits.deadline;
  shared_.most_open = limits.connections;
  const std::scoped_lock lock{shared_.admission_mutex};
  shared_.admission.set(limits.admission);
}

bool Server::all_alive() {
  bool alive = true;
  rounds_.resize(workers_.size());
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    const std::uint64_t last = std::exchange(rounds_[i], workers_[i]->rounds());
    alive = alive && last != rounds_[i];
  }
  return alive;
}

CountValues Server::counts() const {
  CountValues sums{};
  for (const auto& worker : workers_) worker->counters().add_to(sums);
  return sums;
}

std::size_t Server::descriptors(const ServerSettings& settings) {
  constexpr std::size_t kOfWorker = 2 + 16;  // epoll, eventfd; those closed at the end of a round
  return settings.limits.connections + settings.workers * (settings.addresses.size() + kOfWorker);
}

}  // namespace pollux::nts
