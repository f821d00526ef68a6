#include "ptp/phc/peer_socket.h"

#include <gtest/gtest.h>
#include <netinet/in.h>

#include <array>
#include <cerrno>
#include <utility>

#include "tests/unit/control/temporary_directory.h"
#include "tests/unit/phc/fake_ptp4l.h"

namespace pollux::phc {
namespace {

TEST(PeerSocket, TakesBothFamilies) {
  EXPECT_TRUE(PeerSocket::udp("127.0.0.1", 323));
  const auto ipv6 = PeerSocket::udp("::1", 323);
  // A host without IPv6 says so; that the text is an address is not in doubt.
  EXPECT_TRUE(ipv6 || ipv6.error() == EAFNOSUPPORT || ipv6.error() == EADDRNOTAVAIL ||
              ipv6.error() == ENETUNREACH);
}

TEST(PeerSocket, TakesNoNames) {
  for (const char* text : {"", "localhost", "127.0.0.1:323", "127.0.0.256", "::g"})
    EXPECT_EQ(PeerSocket::udp(text, 323).error(), EINVAL) << text;
}

TEST(PeerSocket, DoesNotWaitForAMessage) {
  const auto socket = PeerSocket::udp("127.0.0.1", 323);
  std::array<std::byte, 8> room;
  EXPECT_EQ(socket->receive(room).error(), EAGAIN);
}

TEST(PeerSocket, MovesItsPathAlong) {
  const control::TemporaryDirectory directory;
  const test::FakePtp4l peer{directory.path() / "peer"};
  const auto own = directory.path() / "own";
  PeerSocket kept;
  EXPECT_FALSE(kept.is_open());
  {
    auto socket = PeerSocket::unix_datagram(own, directory.path() / "peer");
    ASSERT_TRUE(socket);
    kept = std::move(*socket);
  }
  EXPECT_TRUE(kept.is_open());
  EXPECT_TRUE(std::filesystem::is_socket(own));
  kept = {};
  EXPECT_FALSE(std::filesystem::exists(own));
}

TEST(PeerSocket, LeavesNothingWhereThereIsNoPeer) {
  const control::TemporaryDirectory directory;
  const auto socket =
      PeerSocket::unix_datagram(directory.path() / "own", directory.path() / "peer");
  EXPECT_EQ(socket.error(), ENOENT);
  EXPECT_FALSE(std::filesystem::exists(directory.path() / "own"));
}

TEST(PeerOutcome, TellsDeniedFromAbsent) {
  EXPECT_EQ(outcome_of(EACCES), PeerOutcome::kDenied);
  EXPECT_EQ(outcome_of(EPERM), PeerOutcome::kDenied);
  EXPECT_EQ(outcome_of(ECONNREFUSED), PeerOutcome::kAbsent);
  EXPECT_EQ(outcome_of(ENOENT), PeerOutcome::kAbsent);
  EXPECT_EQ(outcome_of(EAGAIN), PeerOutcome::kSilent);
}

}  // namespace
}  // namespace pollux::phc
