#include "libs/hash/sha256.h"

#include <gtest/gtest.h>

#include "libs/strings/encoding.h"

namespace lmsmail::hash {
namespace {

TEST(Sha256Test, MatchesExamplesOfFips180) {
  EXPECT_EQ(Sha256Hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(Sha256Hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Sha256Test, PartsCountAsOneText) {
  EXPECT_EQ(Sha256({"a", "", "bc"}), Sha256("abc"));
  EXPECT_EQ(Sha256({}), Sha256(""));
}

TEST(Digest64Test, IsBigEndianStartOfSha256) {
  EXPECT_EQ(Digest64("abc"), static_cast<std::int64_t>(0xba7816bf8f01cfeaULL));
  EXPECT_EQ(Digest64(""), static_cast<std::int64_t>(0xe3b0c44298fc1c14ULL));
  EXPECT_NE(Digest64("abc"), Digest64("abd"));
}

// Section 4, test cases 1 to 7. Number 5 is given there by its first 16 bytes.
TEST(HmacSha256Test, MatchesVectorsOfRfc4231) {
  std::string counting;
  for (char c = 1; c <= 25; ++c) counting.push_back(c);
  const struct {
    std::string key;
    std::string data;
    std::string mac;
  } vectors[] = {
      {std::string(20, '\x0b'), "Hi There",
       "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
      {"Jefe", "what do ya want for nothing?",
       "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
      {std::string(20, '\xaa'), std::string(50, '\xdd'),
       "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
      {counting, std::string(50, '\xcd'),
       "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"},
      {std::string(20, '\x0c'), "Test With Truncation", "a3b6167473100ee06e0c796c2955552b"},
      {std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First",
       "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
      {std::string(131, '\xaa'),
       "This is a test using a larger than block-size key and a larger than block-size data. The "
       "key needs to be hashed before being used by the HMAC algorithm.",
       "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"},
  };
  for (const auto& vector : vectors) {
    EXPECT_EQ(HexEncode(HmacSha256(vector.key, vector.data)).substr(0, vector.mac.size()),
              vector.mac);
  }
}

TEST(HmacSha256Test, DoesNotReuseThePreviousKey) {
  const std::string of_empty = HmacSha256("", "text");
  HmacSha256("another key", "text");
  EXPECT_EQ(HmacSha256("", "text"), of_empty);
  EXPECT_EQ(HexEncode(HmacSha256("", "")),
            "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

TEST(ConstantTimeEqualsTest, ComparesSizeAndContent) {
  EXPECT_TRUE(ConstantTimeEquals("", ""));
  EXPECT_TRUE(ConstantTimeEquals("same", "same"));
  EXPECT_FALSE(ConstantTimeEquals("same", "sane"));
  EXPECT_FALSE(ConstantTimeEquals("same", "sam"));
}

}  // namespace
}  // namespace lmsmail::hash
