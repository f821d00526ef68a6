#include <gtest/gtest.h>

#include "nts/aead/aes_gcm_siv.h"
#include "tests/support/aead_text.h"
#include "tests/unit/nts/aead_back_ends.h"

namespace pollux::nts {
namespace {

using test::Bytes;
using test::bytes_of;
using test::hex_of;

struct Vector {
  std::string_view key;
  std::string_view nonce;
  std::string_view associated_data;
  std::string_view plaintext;
  std::string_view sealed;  // ciphertext and tag
};

constexpr std::string_view kKey = "01000000000000000000000000000000";
constexpr std::string_view kNonce = "030000000000000000000000";

// RFC 8452 Appendix C.1, all of it and in its order.
constexpr Vector kRfc8452[] = {
    {kKey, kNonce, "", "", "dc20e2d83f25705bb49e439eca56de25"},
    {kKey, kNonce, "", "0100000000000000", "b5d839330ac7b786578782fff6013b815b287c22493a364c"},
    {kKey, kNonce, "", "010000000000000000000000",
     "7323ea61d05932260047d942a4978db357391a0bc4fdec8b0d106639"},
    {kKey, kNonce, "", "01000000000000000000000000000000",
     "743f7c8077ab25f8624e2e948579cf77303aaf90f6fe21199c6068577437a0c4"},
    {kKey, kNonce, "", "0100000000000000000000000000000002000000000000000000000000000000",
     "84e07e62ba83a6585417245d7ec413a9fe427d6315c09b57ce45f2e3936a94451a8e45dcd4578c667cd86847bf61"
     "55ff"},
    {kKey, kNonce, "",
     "010000000000000000000000000000000200000000000000000000000000000003000000000000000000000000000"
     "000",
     "3fd24ce1f5a67b75bf2351f181a475c7b800a5b4d3dcf70106b1eea82fa1d64df42bf7226122fa92e17a40eeaac1"
     "201b5e6e311dbf395d35b0fe39c2714388f8"},
    {kKey, kNonce, "",
     "0100000000000000000000000000000002000000000000000000000000000000"
     "0300000000000000000000000000000004000000000000000000000000000000",
     "2433668f1058190f6d43e360f4f35cd8e475127cfca7028ea8ab5c20f7ab2af02516a2bdcbc08d521be37ff28c15"
     "2bba36697f25b4cd169c6590d1dd39566d3f8a263dd317aa88d56bdf3936dba75bb8"},
    {kKey, kNonce, "01", "0200000000000000", "1e6daba35669f4273b0a1a2560969cdf790d99759abd1508"},
    {kKey, kNonce, "01", "020000000000000000000000",
     "296c7889fd99f41917f4462008299c5102745aaa3a0c469fad9e075a"},
    {kKey, kNonce, "01", "02000000000000000000000000000000",
     "e2b0c5da79a901c1745f700525cb335b8f8936ec039e4e4bb97ebd8c4457441f"},
    {kKey, kNonce, "01", "0200000000000000000000000000000003000000000000000000000000000000",
     "620048ef3c1e73e57e02bb8562c416a319e73e4caac8e96a1ecb2933145a1d71e6af6a7f87287da059a71684ed34"
     "98e1"},
    {kKey, kNonce, "01",
     "020000000000000000000000000000000300000000000000000000000000000004000000000000000000000000000"
     "000",
     "50c8303ea93925d64090d07bd109dfd9515a5a33431019c17d93465999a8b0053201d723120a8562b838cdff25bf"
     "9d1e6a8cc3865f76897c2e4b245cf31c51f2"},
    {kKey, kNonce, "01",
     "0200000000000000000000000000000003000000000000000000000000000000"
     "0400000000000000000000000000000005000000000000000000000000000000",
     "2f5c64059db55ee0fb847ed513003746aca4e61c711b5de2e7a77ffd02da42feec601910d3467bb8b36ebbaebce5"
     "fba30d36c95f48a3e7980f0e7ac299332a80cdc46ae475563de037001ef84ae21744"},
    {kKey, kNonce, "010000000000000000000000", "02000000",
     "a8fe3e8707eb1f84fb28f8cb73de8e99e2f48a14"},
    {kKey, kNonce, "010000000000000000000000000000000200",
     "0300000000000000000000000000000004000000",
     "6bb0fecf5ded9b77f902c7d5da236a4391dd029724afc9805e976f451e6d87f6fe106514"},
    {kKey, kNonce, "0100000000000000000000000000000002000000",
     "030000000000000000000000000000000400",
     "44d0aaf6fb2f1f34add5e8064e83e12a2adabff9b2ef00fb47920cc72a0c0f13b9fd"},
    {"e66021d5eb8e4f4066d4adb9c33560e4", "f46e44bb3da0015c94f70887", "", "",
     "a4194b79071b01a87d65f706e3949578"},
    {"36864200e0eaf5284d884a0e77d31646", "bae8e37fc83441b16034566b", "46bb91c3c5", "7a806c",
     "af60eb711bd85bc1e4d3e0a462e074eea428a8"},
    {"aedb64a6c590bc84d1a5e269e4b47801", "afc0577e34699b9e671fdd4f", "fc880c94a95198874296",
     "bdc66f146545", "bb93a3e34d3cd6a9c45545cfc11f03ad743dba20f966"},
    {"d5cc1fd161320b6920ce07787f86743b", "275d1ab32f6d1f0434d8848c",
     "046787f3ea22c127aaf195d1894728", "1177441f195495860f",
     "4f37281f7ad12949d01d02fd0cd174c84fc5dae2f60f52fd2b"},
    {"b3fed1473c528b8426a582995929a149", "9e9ad8780c8d63d0ab4149c0",
     "c9882e5386fd9f92ec489c8fde2be2cf97e74e93", "9f572c614b4745914474e7c7",
     "f54673c5ddf710c745641c8bc1dc2f871fb7561da1286e655e24b7b0"},
    {"2d4ed87da44102952ef94b02b805249b", "ac80e6f61455bfac8308a2d4",
     "2950a70d5a1db2316fd568378da107b52b0da55210cc1c1b0a", "0d8c8451178082355c9e940fea2f58",
     "c9ff545e07b88a015f05b274540aa183b3449b9f39552de99dc214a1190b0b"},
    {"bde3b2f204d1e9f8b06bc47f9745b3d1", "ae06556fb6aa7890bebc18fe",
     "1860f762ebfbd08284e421702de0de18baa9c9596291b08466f37de21c7f",
     "6b3db4da3d57aa94842b9803a96e07fb6de7",
     "6298b296e24e8cc35dce0bed484b7f30d5803e377094f04709f64d7b985310a4db84"},
    {"f901cfe8a69615a93fdf7a98cad48179", "6245709fb18853f68d833640",
     "7576f7028ec6eb5ea7e298342a94d4b202b370ef9768ec6561c4fe6b7e7296fa859c21",
     "e42a3c02c25b64869e146d7b233987bddfc240871d",
     "391cc328d484a4f46406181bcd62efd9b3ee197d052d15506c84a9edd65e13e9d24a2a6e70"},
};

constexpr Vector kOthers[] = {
    // What chrony tests itself with, without a plaintext.
    {"0123456789abcdeff0123456789abcde", "101112131415161718191a1b",
     "4c9d4fcaed8ae2baad3f3ea6e93c8c8b", "", "8f47fe1f264ee2995f353d267414d43b"},
    // Made by solving POLYVAL for the first block, so that the tag is a counter that wraps after
    // one block, as those of RFC 8452 C.3 do for the longer key; sealed by OpenSSL
    // 4.0, which has this mode.
    {"000102030405060708090a0b0c0d0e0f", "101112131415161718191a1b", "",
     "818626378a7c384c4762be305ace146c000102030405060708090a0b0c0d0e0f101112131415161718191a",
     "28c426103d80938b82a946633bf7d84ad8c54eb5764e62d2c3dce5accafba8e74199cd5df6cafda2e1f027ffffff"
     "ff060000000000000000000000"},
};

void check(const Vector& vector) {
  AesGcmSiv gcm_siv;
  const Bytes nonce = bytes_of(vector.nonce);
  const Bytes data = bytes_of(vector.associated_data);
  const Bytes plaintext = bytes_of(vector.plaintext);
  ASSERT_TRUE(gcm_siv.set_key(test::fixed<16>(bytes_of(vector.key))));
  Bytes sealed(plaintext.size() + 16);
  ASSERT_TRUE(gcm_siv.seal(test::fixed<12>(nonce), data, plaintext, sealed));
  EXPECT_EQ(hex_of(sealed), vector.sealed);
  Bytes opened(plaintext.size());
  EXPECT_TRUE(gcm_siv.open(test::fixed<12>(nonce), data, sealed, opened));
  EXPECT_EQ(opened, plaintext);
}

TEST(AesGcmSiv, VectorsOfRfc8452) {
  for (const Vector& vector : kRfc8452) check(vector);
}

TEST(AesGcmSiv, OtherVectors) {
  for (const Vector& vector : kOthers) check(vector);
}

TEST_P(AeadBackEnd, VectorsOfAesGcmSiv) {
  const auto check_back_end = [&](const Vector& vector) {
    const test::Text text{.aead = AeadId::kAes128GcmSiv,
                          .key = bytes_of(vector.key),
                          .nonce = bytes_of(vector.nonce),
                          .associated_data = bytes_of(vector.associated_data),
                          .plaintext = bytes_of(vector.plaintext)};
    EXPECT_EQ(hex_of(seal(back_end(), text)), vector.sealed);
    const auto [good, plaintext] = open(back_end(), text, bytes_of(vector.sealed));
    EXPECT_TRUE(good);
    EXPECT_EQ(plaintext, text.plaintext);
  };
  for (const Vector& vector : kRfc8452) check_back_end(vector);
  for (const Vector& vector : kOthers) check_back_end(vector);
}
TEST(AesGcmSiv, DoesNothingWithoutAKey) {
  const Bytes nonce(12);
  Bytes sealed(16);
  Bytes plaintext;
  AesGcmSiv gcm_siv;
  EXPECT_FALSE(gcm_siv.seal(test::fixed<12>(nonce), {}, {}, sealed));
  ASSERT_TRUE(gcm_siv.set_key(test::fixed<16>(bytes_of(kKey))));
  ASSERT_TRUE(gcm_siv.seal(test::fixed<12>(nonce), {}, {}, sealed));
  EXPECT_TRUE(gcm_siv.open(test::fixed<12>(nonce), {}, sealed, plaintext));
  gcm_siv.forget_key();
  EXPECT_FALSE(gcm_siv.open(test::fixed<12>(nonce), {}, sealed, plaintext));
  EXPECT_FALSE(gcm_siv.seal(test::fixed<12>(nonce), {}, {}, sealed));
}

}  // namespace
}  // namespace pollux::nts
