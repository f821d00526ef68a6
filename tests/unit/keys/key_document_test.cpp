#include "control/keys/key_document.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/unit/keys/key_rings.h"

namespace pollux::control {
namespace {

using nlohmann::json;

// The ids are those of key_rings.h.
TEST(KeyDocument, IdsUsesAndTheAgeThatIsKnown) {
  EXPECT_EQ(keys_document(ring_of(0), 12.5),
            json::parse(R"([{"id":"00000000","use":"old","age_s":null},
                            {"id":"01010101","use":"old","age_s":null},
                            {"id":"02020202","use":"current","age_s":12.5},
                            {"id":"03030303","use":"next","age_s":null}])"));
  const json rotated = keys_document(ring_of(1), std::nullopt);
  EXPECT_EQ(rotated[2], json::parse(R"({"id":"03030303","use":"current","age_s":null})"));
  EXPECT_EQ(rotated[3], json::parse(R"({"id":"04040400","use":"next","age_s":null})"));
}

TEST(KeyDocument, Rotation) {
  KeyReport report{.file = "/k",
                   .trouble = std::nullopt,
                   .rotate = std::chrono::days{7},
                   .age_seconds = 100,
                   .next_rotation_seconds = 604'700};
  EXPECT_EQ(rotation_document(report),
            json::parse(R"({"rotate":"7d","age_s":100.0,"next_in_s":604700.0,"owner":true,
                            "file":"/k","trouble":null})"));
  report.rotate.reset();
  report.next_rotation_seconds.reset();
  report.trouble = "/k: does not exist";
  EXPECT_EQ(rotation_document(report),
            json::parse(R"({"rotate":"never","age_s":100.0,"next_in_s":null,"owner":false,
                            "file":"/k","trouble":"/k: does not exist"})"));
}

}  // namespace
}  // namespace pollux::control
