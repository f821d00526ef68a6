// The data plane as the control plane sees it: ports and workers as one thing that starts, takes
// new rules, reports and stops. Control thread only. Needs a running Eal.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <span>

#include "dataplane/port/settings.h"
#include "nts/core/key_ring.h"
#include "ptp/clock/snapshot_latch.h"

namespace pollux::port {

class Dataplane {
 public:
  // Opens every port. Throws std::runtime_error with a sentence. `latch` outlives this.
  Dataplane(const DataplaneSettings& settings, const clock::SnapshotLatch& latch);
  ~Dataplane();
  Dataplane(const Dataplane&) = delete;
  Dataplane& operator=(const Dataplane&) = delete;

  void start();          // the workers, once; throws std::runtime_error
  void stop() noexcept;  // returns when every worker has ended

  // New rules without a pause: one policy for each port, in order. Returns false when some worker
  // did not pass a quiescent state within a second: the rules are in force, the old ones are kept
  // until a later call. Throws std::runtime_error with a sentence where a card cannot follow, and
  // then nothing has changed.
  bool apply(std::span<const responder::PolicySettings> policies, unsigned host_replies);

  // The keys of NTS cookies, in the same way; none: there is no NTS. Old keys are wiped with the
  // old rules.
  bool apply_keys(const std::optional<nts::KeyRing>& keys);

  // Tells the workers of links whose speed has changed. To be called now and then.
  void follow_links() noexcept;

  // Reads the clocks that stamp received frames. To be called kClockInterval apart.
  void follow_clocks() noexcept;
  static constexpr std::chrono::milliseconds kClockInterval{125};

  [[nodiscard]] DataplaneReport report() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace pollux::port
