#include <algorithm>
#include <thread>

#include "control/cli/document.h"
#include "control/cli/verbs.h"

namespace pollux::cli {

int waitsync(const SocketPaths& sockets, std::chrono::duration<double> longest, Streams streams) {
  using Clock = std::chrono::steady_clock;
  constexpr std::chrono::milliseconds kPause{200};
  constexpr std::chrono::milliseconds kLeastPatience{500};
  const auto end = Clock::now() + std::chrono::duration_cast<Clock::duration>(longest);
  while (true) {
    // One that does not answer must not make this wait longer than was asked for.
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now());
    const auto patience = std::clamp<std::chrono::milliseconds>(left, kLeastPatience, kPatience);
    const auto document = fetch_document(sockets.observe, patience);
    if (document && text_at(*document, {"state"}) == "synchronised") {
      streams.output << text_at(*document, {"status"}) << '\n';
      return kGood;
    }
    const auto now = Clock::now();
    if (now >= end) {
      streams.errors << "polluxctl: "
                     << (document ? text_at(*document, {"status"}) : document.error()) << '\n';
      return document ? kDegraded : kError;
    }
    std::this_thread::sleep_for(std::min<Clock::duration>(kPause, end - now));
  }
}

}  // namespace pollux::cli
