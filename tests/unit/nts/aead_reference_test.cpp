// What only the reference back end has.
#include "nts/aead/reference.h"

#include <gtest/gtest.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

namespace pollux::nts {
namespace {

TEST(ReferenceAead, IsNamedAfterItsLibrary) {
  EXPECT_EQ(ReferenceAead{}.name(),
            std::string{"OpenSSL "} + OpenSSL_version(OPENSSL_VERSION_STRING));
}

TEST(ReferenceAead, IsNotMadeWhereOpenSslLacksAes) {
  ASSERT_EQ(EVP_set_default_properties(nullptr, "provider=none"), 1);
  EXPECT_THROW(ReferenceAead{}, std::runtime_error);
  ASSERT_EQ(EVP_set_default_properties(nullptr, ""), 1);
  EXPECT_NO_THROW(ReferenceAead{});
}

}  // namespace
}  // namespace pollux::nts
