// Which key exchange the server takes of several.
#include "nts/ke/key_share.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include "tests/unit/nts/ke_fixture.h"

namespace pollux::nts {
namespace {

using test::from_hex;
using test::Octets;

constexpr std::size_t kX25519 = 0x1d;
constexpr std::size_t kP256 = 0x17;

// What chronyd 4.3 with GnuTLS 3.7.9 sends as a client.
const Octets& chronyd_hello() {
  static const Octets kHello = from_hex(
      "160301013b 0100013703 03f22c7b7452f3269b37f439b8033e7e2739d6a95e3e57eeb0b87ff4b45cbbd802"
      "201c38e5ea2f95456002367855bda14577fb2eb22bad9f5b225f52ec93989c303a"
      "00081302130313011304 0100 00e6"
      "000500050100000000 000a00160014001700180019001d001e01000101010201030104 000b00020100"
      "000d00220020040108090804040308070501080a0805050308080601080b08060603020102030010000a0008"
      "076e74736b652f31 00160000 00170000"
      "0033006b0069"
      "001700410456d8a36fad29e8227f98366929cacc929ed1ef20323b80db4e0a38d39689cc32dbe56f83a9c872ce"
      "a629d3f734460724db943185bc74bd9547454a7994d33774"
      "001d0020354e3eb5a033e532a4977f63670d8d9e57f78cb8602fc624bb9adf9279bff814"
      "002b0003020304 ff01000100 001c00024001");
  return kHello;
}

bool has_share(const Octets& extension) {
  return has_x25519_share(std::as_bytes(std::span{extension}));
}

Octets share(std::size_t group, std::size_t length) {
  Octets result;
  test::put16(result, group);
  test::put16(result, length);
  result.resize(result.size() + length, 0x55);
  return result;
}

Octets extension(const std::vector<Octets>& shares) {
  Octets list;
  for (const Octets& one : shares) test::put(list, one);
  Octets result;
  test::put16(result, list.size());
  test::put(result, list);
  return result;
}

TEST(KeyShare, IsFoundAtAnyPlace) {
  EXPECT_TRUE(has_share(extension({share(kX25519, 32)})));
  EXPECT_TRUE(has_share(extension({share(kP256, 65), share(kX25519, 32)})));
  EXPECT_TRUE(has_share(extension({share(kX25519, 32), share(kP256, 65)})));
  EXPECT_TRUE(has_share(extension({share(0x6a6a, 1), share(0x0100, 256), share(kX25519, 32)})));
}

TEST(KeyShare, IsNotFoundWhereItIsNot) {
  EXPECT_FALSE(has_share({}));
  EXPECT_FALSE(has_share(extension({})));
  EXPECT_FALSE(has_share(extension({share(kP256, 65)})));
  // The group's number within another share.
  EXPECT_FALSE(has_share(from_hex("0008 0017 0004 001d 0000")));
}

TEST(KeyShare, OfADamagedListIsNone) {
  const Octets whole = extension({share(kP256, 65), share(kX25519, 32)});
  for (std::size_t length = 0; length < whole.size(); ++length)
    EXPECT_FALSE(has_share(test::slice(whole, 0, length))) << length;
  Octets longer = whole;
  longer.push_back(0);
  EXPECT_FALSE(has_share(longer));
  EXPECT_FALSE(has_share(from_hex("0004 001d 0001"))) << "a share that ends behind the list";
  EXPECT_FALSE(has_share(from_hex("0003 001d 00"))) << "a length that is cut off";
}

// The group of the key share in the ServerHello that answers `hello`; 0: there is none.
std::size_t group_of_answer(KeServer& server, const Octets& hello) {
  const int socket = test::connect_to("127.0.0.1", server.server().port());
  ::send(socket, hello.data(), hello.size(), MSG_NOSIGNAL);
  pollfd ready{.fd = socket, .events = POLLIN, .revents = 0};
  Octets heard(4096);
  const bool came = ::poll(&ready, 1, 5000) == 1;
  const auto count = came ? ::recv(socket, heard.data(), heard.size(), 0) : 0;
  ::close(socket);
  // RFC 8446 §4.1.3: headers (5 and 4), version, random, session id of 32 octets, cipher suite,
  // compression, length of the extensions.
  std::size_t at = 5 + 4 + 2 + 32 + 33 + 2 + 1 + 2;
  if (count < static_cast<ssize_t>(at) || heard[0] != 22 || heard[5] != 2) return 0;
  const std::size_t end = 5 + test::get(heard, 3, 2);
  while (at + 6 <= end) {
    if (test::get(heard, at, 2) == 51) return test::get(heard, at + 4, 2);
    at += 4 + test::get(heard, at + 2, 2);
  }
  return 0;
}

TEST(KeGroup, X25519IsTakenWhereTheClientSentItSecond) {
  KeServer server;
  EXPECT_EQ(group_of_answer(server, chronyd_hello()), kX25519);
}

TEST(KeGroup, WhatTheClientHasIsTaken) {
  KeServer server;
  for (const char* groups : {"X25519", "P-256", "P-256:X25519", "P-384:X25519", "P-384:P-256"}) {
    const auto client = server.client({.groups = groups});
    ASSERT_TRUE(client->handshake()) << groups << ": " << client->reason();
    ASSERT_TRUE(client->send(test::usual_request()));
    EXPECT_EQ(client->hear().octets.size(), 6U + 6U + 8 * 104U + 4U) << groups;
  }
}

}  // namespace
}  // namespace pollux::nts
