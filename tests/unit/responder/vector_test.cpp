// Whole exchanges octet by octet, from tests/vectors.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "tests/unit/responder/row.h"

namespace pollux::responder {
namespace {

TEST(Vectors, RepliesOctetByOctet) {
  std::ifstream file{POLLUX_TEST_VECTORS "/replies.txt"};
  ASSERT_TRUE(file.is_open());
  auto snapshot = test::known_snapshot();
  auto fields = clock::unpack(snapshot.header);
  fields.precision = -32;  // no random bits
  snapshot.header = clock::pack(fields);
  test::FrameRunner runner;
  runner.publish(snapshot);
  const PortPolicy policy{server_settings()};
  int exchanges = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with('#')) continue;
    std::istringstream words{line};
    std::string name;
    std::string request;
    std::string reply;
    words >> name >> request >> reply;
    const auto result = runner.run(policy, test::from_hex(request));
    EXPECT_EQ(test::to_hex(result.frame), test::to_hex(test::from_hex(reply))) << name;
    ++exchanges;
  }
  EXPECT_GE(exchanges, 20);
}

}  // namespace
}  // namespace pollux::responder
