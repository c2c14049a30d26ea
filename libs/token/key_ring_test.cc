#include "libs/token/key_ring.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "absl/strings/ascii.h"

#include "libs/hash/sha256.h"
#include "libs/status/error_details.h"
#include "libs/strings/encoding.h"
#include "libs/testing/status_matchers.h"

namespace lmsmail::token {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;

// Bytes 00..1f, as hex and as `base64` prints them.
constexpr char kHexKey[] = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
constexpr char kBase64Key[] = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
constexpr char kOtherKey[] = "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff";

KeyRing Ring(const std::string& secrets) {
  absl::StatusOr<KeyRing> ring = KeyRing::Parse(secrets);
  EXPECT_OK(ring);
  return *std::move(ring);
}

KeyRing OneKey() { return Ring(fmt::format("k1:{}\n", kHexKey)); }

MATCHER(IsRefusal, "is the error for every invalid token") {
  return arg.status().code() == absl::StatusCode::kInvalidArgument &&
         arg.status().message() == "the token is not valid" &&
         ReasonOf(arg.status()).reason == "TOKEN_INVALID";
}

TEST(KeyRingTest, OpensWhatItSealed) {
  const KeyRing ring = OneKey();
  for (const std::string& payload :
       {std::string("x"), std::string("student-17/weekly_progress"), std::string("\0\xff\n.", 4),
        std::string(16, '\0'), std::string(2000, 'x')}) {
    EXPECT_THAT(ring.Open("unsubscribe", ring.Seal("unsubscribe", payload)), IsOkAndHolds(payload));
  }
}

TEST(KeyRingTest, TokensAreSafeInUrls) {
  // 16 bytes of tag and 8 of text are 32 characters.
  EXPECT_THAT(OneKey().Seal("click", std::string("\xfb\xff\xfe?&=/+", 8)),
              MatchesRegex("k1\\.[A-Za-z0-9_-]{32}"));
}

TEST(KeyRingTest, TokensHideThePayload) {
  const std::string payload = "student-17";
  const std::string token = OneKey().Seal("unsubscribe", payload);
  EXPECT_THAT(token, Not(HasSubstr(payload)));
  EXPECT_THAT(Base64UrlDecode(token.substr(3)).value_or(""), Not(HasSubstr("17")));
}

// Tokens stay in mail for years, so the format must not change by accident. The tokens were made
// with AESSIV in Python's `cryptography`.
TEST(KeyRingTest, FormatDoesNotChange) {
  EXPECT_EQ(OneKey().Seal("unsubscribe", "s17"), "k1.oWwP0XvubX3Ki6KL86iEazUXAw");
  EXPECT_EQ(OneKey().Seal("unsubscribe", "3.student-17"),
            "k1.JUcYnvCcRzHC0JZozOpj2MpvjCFCiMXfzJwyfQ");
  EXPECT_EQ(OneKey().KeyedHash("suppression", "a@example.org"),
            "b84c8bb8f4f1af4fa225cb299efa5baa301866e27d69a1fad1b931ace59447cc");
}

TEST(KeyRingTest, RefusesTokenOfAnotherPurpose) {
  const KeyRing ring = OneKey();
  const std::string token = ring.Seal("unsubscribe", "s17");
  EXPECT_THAT(ring.Open("click", token), IsRefusal());
  EXPECT_THAT(ring.Open("unsubscrib", token), IsRefusal());
  EXPECT_THAT(ring.Open("unsubscribe ", token), IsRefusal());
}

TEST(KeyRingTest, SealsWithFirstKeyAndOpensWithAll) {
  const KeyRing before = OneKey();
  const KeyRing after = Ring(fmt::format("k2:{}\nk1:{}\n", kOtherKey, kHexKey));
  const std::string old_token = before.Seal("click", "p");
  const std::string new_token = after.Seal("click", "p");
  EXPECT_THAT(new_token, ::testing::StartsWith("k2."));
  EXPECT_THAT(after.Open("click", old_token), IsOkAndHolds("p"));
  EXPECT_THAT(after.Open("click", new_token), IsOkAndHolds("p"));
  EXPECT_THAT(before.Open("click", new_token), IsRefusal());
}

TEST(KeyRingTest, OpensACaselessTokenInAnyCase) {
  const KeyRing ring = Ring(fmt::format("Key_1:{}\nkey_1:{}\n", kHexKey, kOtherKey));
  const std::string token = ring.SealCaseless("click", "payload");
  EXPECT_THAT(token, MatchesRegex("key_1\\.[a-z2-7]{37}"));
  EXPECT_THAT(ring.OpenCaseless("click", token), IsOkAndHolds("payload"));
  EXPECT_THAT(ring.OpenCaseless("click", absl::AsciiStrToUpper(token)), IsOkAndHolds("payload"));
  const KeyRing other = Ring(fmt::format("key_1:{}\nKEY_1:{}\n", kOtherKey, kOtherKey));
  EXPECT_THAT(ring.OpenCaseless("click", other.SealCaseless("click", "p")), IsOkAndHolds("p"));
  EXPECT_THAT(other.OpenCaseless("click", token), IsRefusal());
  EXPECT_THAT(ring.OpenCaseless("unsubscribe", token), IsRefusal());
  EXPECT_THAT(ring.OpenCaseless("click", ring.Seal("click", "payload")), IsRefusal());
}

TEST(KeyRingTest, RefusesAChangedCaselessToken) {
  const KeyRing ring = OneKey();
  const std::string token = ring.SealCaseless("click", "payload");
  for (std::size_t i = 0; i < token.size(); ++i) {
    for (int c = 0; c < 256; ++c) {
      if (absl::ascii_tolower(static_cast<unsigned char>(c)) == token[i]) continue;
      std::string changed = token;
      changed[i] = static_cast<char>(c);
      ASSERT_THAT(ring.OpenCaseless("click", changed), IsRefusal()) << changed;
    }
    ASSERT_THAT(ring.OpenCaseless("click", token.substr(0, i)), IsRefusal());
    ASSERT_THAT(ring.OpenCaseless("click", token.substr(i + 1)), IsRefusal());
  }
  for (const std::string& hostile :
       {std::string(), std::string("."), std::string("k1."), token + ".", "." + token, token + " ",
        token + "a", std::string(1 << 20, 'a'), "k1." + std::string(1 << 20, 'a')}) {
    EXPECT_THAT(ring.OpenCaseless("click", hostile), IsRefusal()) << hostile.substr(0, 80);
  }
}

TEST(KeyRingTest, RefusesTokenOfARetiredKeyOrAnotherDeployment) {
  const std::string token = OneKey().Seal("click", "p");
  EXPECT_THAT(Ring(fmt::format("k2:{}", kHexKey)).Open("click", token), IsRefusal());
  EXPECT_THAT(Ring(fmt::format("k1:{}", kOtherKey)).Open("click", token), IsRefusal());
}

TEST(KeyRingTest, RefusesChangedKeyId) {
  const KeyRing ring = Ring(fmt::format("a:{0}\nb:{0}\n", kHexKey));
  std::string token = ring.Seal("click", "p");
  token[0] = 'b';
  EXPECT_THAT(ring.Open("click", token), IsRefusal());
}

TEST(KeyRingTest, RefusesChangedOrMissingCharacters) {
  const KeyRing ring = OneKey();
  const std::string token = ring.Seal("unsubscribe", "student-17");
  for (std::size_t i = 0; i < token.size(); ++i) {
    for (int c = 0; c < 256; ++c) {
      if (static_cast<char>(c) == token[i]) continue;
      std::string changed = token;
      changed[i] = static_cast<char>(c);
      ASSERT_THAT(ring.Open("unsubscribe", changed), IsRefusal()) << changed;
    }
    ASSERT_THAT(ring.Open("unsubscribe", token.substr(0, i)), IsRefusal());
    ASSERT_THAT(ring.Open("unsubscribe", token.substr(i + 1)), IsRefusal());
    ASSERT_THAT(ring.Open("unsubscribe", token.substr(0, i) + token.substr(i + 1)), IsRefusal());
  }
}

TEST(KeyRingTest, RefusesHostileInput) {
  const KeyRing ring = OneKey();
  const std::string token = ring.Seal("click", "p");
  for (const std::string& hostile :
       {std::string(), std::string("."), std::string("k1"), std::string("k1."), token + "=",
        token + " ", " " + token, token + ".", "." + token, token + token,
        std::string(1 << 20, '.'), std::string(1 << 20, 'A'), "k1." + std::string(1 << 20, 'A'),
        // A tag without text.
        token.substr(0, 3 + 22), "k1." + Base64UrlEncode(std::string(16, '\0')),
        "k1." + Base64UrlEncode(std::string(32, '\0'))}) {
    EXPECT_THAT(ring.Open("click", hostile), IsRefusal()) << hostile.substr(0, 80);
  }
}

TEST(KeyRingTest, RefusesRandomText) {
  const KeyRing ring = OneKey();
  std::minstd_rand random(17);
  for (int i = 0; i < 20000; ++i) {
    std::string text = i % 2 == 0 ? "k1." : "";
    for (std::size_t size = random() % 60; size > 0; --size) {
      text.push_back("ABab01-_.=%\0\xff"[random() % 13]);
    }
    ASSERT_THAT(ring.Open("click", text), IsRefusal());
  }
}

TEST(KeyRingTest, PseudonymDependsOnPurposeTextAndKey) {
  const KeyRing ring = OneKey();
  const std::string pseudonym = ring.KeyedHash("suppression", "a@example.org");
  EXPECT_THAT(pseudonym, MatchesRegex("[0-9a-f]{64}"));
  EXPECT_EQ(pseudonym, ring.KeyedHash("suppression", "a@example.org"));
  EXPECT_NE(pseudonym, ring.KeyedHash("suppression", "b@example.org"));
  EXPECT_NE(pseudonym, ring.KeyedHash("log", "a@example.org"));
  EXPECT_NE(pseudonym, ring.KeyedHash("suppressiona", "@example.org"));
  EXPECT_NE(pseudonym, hash::Sha256Hex("a@example.org"));
  EXPECT_NE(pseudonym,
            Ring(fmt::format("k1:{}", kOtherKey)).KeyedHash("suppression", "a@example.org"));
}

TEST(KeyRingTest, ReturnsPseudonymsOfAllKeys) {
  const KeyRing after = Ring(fmt::format("k2:{}\nk1:{}", kOtherKey, kHexKey));
  EXPECT_THAT(after.KeyedHashes("suppression", "a@example.org"),
              ElementsAre(after.KeyedHash("suppression", "a@example.org"),
                          OneKey().KeyedHash("suppression", "a@example.org")));
}

TEST(KeyRingParseTest, AcceptsHexAndBothBase64Alphabets) {
  const std::string token = OneKey().Seal("click", "p");
  for (const std::string& secrets :
       {fmt::format("k1:{}", kHexKey), fmt::format("k1:{}\r\n", kBase64Key),
        fmt::format("# rotated yearly\n\n  k1: {}  \n", kBase64Key),
        fmt::format("k1:{}\n", std::string(kBase64Key, sizeof(kBase64Key) - 2))}) {
    EXPECT_EQ(Ring(secrets).Seal("click", "p"), token) << secrets;
  }
  EXPECT_EQ(Ring("k:+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/8=").Seal("click", "p"),
            Ring("k:-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_8").Seal("click", "p"));
}

TEST(KeyRingParseTest, NamesEveryInvalidLineWithoutQuotingIt) {
  const absl::Status status = KeyRing::Parse(fmt::format("no colon c0ffee\n"
                                                         "k1:{0}\n"
                                                         "k1:{1}\n"
                                                         "bad id:{0}\n"
                                                         ":{0}\n"
                                                         "seventeen_letters:{0}\n"
                                                         "short:c0ffee\n"
                                                         "odd:!c0ffee!\n",
                                                         kHexKey, kOtherKey))
                                  .status();
  std::vector<std::string> lines;
  for (const FieldViolation& violation : ViolationsOf(status)) lines.push_back(violation.field);
  EXPECT_THAT(lines,
              ElementsAre("line 1", "line 3", "line 4", "line 5", "line 6", "line 7", "line 8"));
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument,
                               AllOf(Not(HasSubstr("c0ffee")), Not(HasSubstr(kHexKey)),
                                     HasSubstr("has 3 bytes and needs at least 32"))));
}

TEST(KeyRingParseTest, RequiresAKey) {
  for (const std::string_view secrets : {"", "\n\n", "# k1:none\n"}) {
    EXPECT_THAT(KeyRing::Parse(secrets),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("no key")));
  }
}

}  // namespace
}  // namespace lmsmail::token
