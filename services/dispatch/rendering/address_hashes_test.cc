#include "services/dispatch/rendering/address_hashes.h"

#include <gtest/gtest.h>

#include "libs/testing/status_matchers.h"

namespace lmsmail::dispatch {
namespace {

address::EmailAddress Parse(std::string_view text) { return *address::ParseEmailAddress(text); }

AddressHashes WithKeys(const std::string& lines) {
  return AddressHashes(*token::KeyRing::Parse(lines));
}

const std::string kOld = "k1:" + std::string(64, 'a') + "\n";
const std::string kNew = "k2:" + std::string(64, 'b') + "\n";

TEST(AddressHashesTest, AreShortAndOfOneMailAndOneAddress) {
  for (const AddressHashes& hashes : {AddressHashes(std::nullopt), WithKeys(kOld)}) {
    const std::string hash = hashes.Of(7, Parse("ada@students.example"));
    EXPECT_EQ(hash.size(), 16u);
    EXPECT_TRUE(hashes.Matches(hash, 7, Parse("ada@students.example")));
    EXPECT_TRUE(hashes.Matches(hash, 7, Parse("Ada@Students.Example"))) << "one canonical form";
    EXPECT_FALSE(hashes.Matches(hash, 7, Parse("adah@students.example")));
    EXPECT_FALSE(hashes.Matches(hash, 8, Parse("ada@students.example")));
    EXPECT_FALSE(hashes.Matches("", 7, Parse("ada@students.example")));
  }
}

TEST(AddressHashesTest, DependOnTheKeyAndSurviveItsRotation) {
  const address::EmailAddress ada = Parse("ada@students.example");
  const std::string hash = WithKeys(kOld).Of(7, ada);
  EXPECT_NE(hash, AddressHashes(std::nullopt).Of(7, ada));
  EXPECT_FALSE(WithKeys(kNew).Matches(hash, 7, ada));
  EXPECT_TRUE(WithKeys(kNew + kOld).Matches(hash, 7, ada));
  EXPECT_NE(WithKeys(kNew + kOld).Of(7, ada), hash);
}

}  // namespace
}  // namespace lmsmail::dispatch
