#include <gtest/gtest.h>

#include "nts/aead/cmac.h"
#include "tests/support/aead_text.h"

namespace pollux::nts {
namespace {

using test::Bytes;
using test::bytes_of;
using test::hex_of;

struct Example {
  std::size_t length;
  std::string_view mac;
};

// RFC 4493 §4; each in one piece and parted at every place.
TEST(Cmac, ExamplesOfRfc4493) {
  const Bytes message = bytes_of(
      "6bc1bee22e409f96e93d7e117393172a ae2d8a571e03ac9c9eb76fac45af8e51"
      "30c81c46a35ce411e5fbc1191a0a52ef f69f2445df4f9b17ad2b417be66c3710");
  Cmac cmac;
  ASSERT_TRUE(cmac.set_key(test::fixed<16>(bytes_of("2b7e151628aed2a6abf7158809cf4f3c"))));
  for (const auto& [length, expected] : {
           Example{0, "bb1d6929e95937287fa37d129b756746"},
           Example{16, "070a16b46b4d4144f79bdd9dd04a287c"},
           Example{40, "dfa66747de9ae63030ca32611497c827"},
           Example{64, "51f0bebf7e3b9d92fc49741779363cfe"},
       }) {
    for (std::size_t part = 0; part <= length; ++part) {
      Block mac{};
      ASSERT_TRUE(cmac.compute(std::span{message}.first(part),
                               std::span{message}.subspan(part, length - part), mac));
      EXPECT_EQ(hex_of(mac), expected) << length << " octets parted at " << part;
    }
  }
}

TEST(Cmac, FailsWithoutAKey) {
  Cmac cmac;
  Block mac{};
  EXPECT_FALSE(cmac.compute({}, {}, mac));
}

}  // namespace
}  // namespace pollux::nts
