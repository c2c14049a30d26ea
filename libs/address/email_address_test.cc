#include "libs/address/email_address.h"

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "libs/strings/utf8.h"
#include "libs/testing/status_matchers.h"

namespace lmsmail::address {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

TEST(ParseEmailAddressTest, KeepsLocalPartAndLowersDomain) {
  ASSERT_OK_AND_ASSIGN(const EmailAddress address,
                       ParseEmailAddress("Ann.Lee+course@Mail.Example.COM"));
  EXPECT_EQ(address.local, "Ann.Lee+course");
  EXPECT_EQ(address.domain, "mail.example.com");
  EXPECT_FALSE(address.needs_smtputf8);
  EXPECT_EQ(address.ToString(), "Ann.Lee+course@mail.example.com");
}

TEST(ParseEmailAddressTest, AcceptsEveryAtomCharacter) {
  EXPECT_OK(ParseEmailAddress("!#$%&'*+-/=?^_`{|}~@example.com"));
  EXPECT_OK(ParseEmailAddress("a@b.co"));
  EXPECT_OK(ParseEmailAddress("0@0.example"));
}

TEST(ParseEmailAddressTest, ConvertsInternationalDomainsToALabels) {
  const auto domain = [](std::string_view text) { return ParseEmailAddress(text).value().domain; };
  EXPECT_EQ(domain("info@BÜCHER.example"), "xn--bcher-kva.example");
  EXPECT_EQ(domain("info@xn--Bcher-kva.example"), "xn--bcher-kva.example");
  EXPECT_EQ(domain("info@faß.de"), "xn--fa-hia.de");  // Transitional processing gives fass.de.
  EXPECT_EQ(domain("a@例え.テスト"), "xn--r8jz45g.xn--zckzah");
  EXPECT_EQ(domain("a@例え。テスト"), "xn--r8jz45g.xn--zckzah");  // the ideographic full stop
}

TEST(ParseEmailAddressTest, FlagsLocalPartThatNeedsSmtputf8) {
  ASSERT_OK_AND_ASSIGN(const EmailAddress address, ParseEmailAddress("jörg@exämple.com"));
  EXPECT_TRUE(address.needs_smtputf8);
  EXPECT_EQ(address.local, "jörg");
  EXPECT_EQ(address.domain, "xn--exmple-cua.com");
}

TEST(ParseEmailAddressTest, ErrorNamesProblemAndRemedy) {
  struct Case {
    std::string text;
    std::string message;
  };
  const std::vector<Case> cases = {
      {"", "is empty"},
      {"ann", "no '@'"},
      {"@example.com", "nothing before"},
      {"ann@", "nothing after"},
      {"ann@@example.com", "more than one '@'"},
      {"@relay.example:ann@example.com", "more than one '@'"},
      {"Ann <ann@example.com>", "without a display name"},
      {"<ann@example.com>", "without a display name"},
      {" ann@example.com", "holds a space"},
      {"ann@example.com\n", "U+000A"},
      {"ann@example.com>\r\nRCPT TO:<eve@example.com", "without a display name"},
      {"ann@example.com\r\nRCPT", "U+000D"},
      {std::string("ann\0@example.com", 16), "U+0000"},
      {"ann\x7f@example.com", "U+007F"},
      {"ann\xc2\x85@example.com", "U+0085"},
      {"ann\xe2\x80\xae@example.com", "U+202E"},
      {"ann\xc2\xa0@example.com", "holds a space"},
      {"ann\xff@example.com", "not valid UTF-8"},
      {"ann\xc0\x8a@example.com", "not valid UTF-8"},  // an overlong line feed
      {"ann@ex\xed\xa0\x80mple.com", "not valid UTF-8"},
      {"ann(work)@example.com", "has '('"},
      {"ann,bob@example.com", "has ','"},
      {"\"ann lee\"@example.com", "holds a space"},
      {"\"ann\"@example.com", "quoted"},
      {".ann@example.com", "misplaced dot before"},
      {"ann.@example.com", "misplaced dot before"},
      {"a..b@example.com", "misplaced dot before"},
      {"ann@localhost", "without a dot"},
      {"ann@[192.0.2.1]", "IP address"},
      {"ann@192.0.2.1", "not an IP address"},
      {"ann@example..com", "misplaced dot in its domain"},
      {"ann@.example.com", "misplaced dot in its domain"},
      {"ann@example.com.", "misplaced dot in its domain"},
      {"ann@-example.com", "'-'"},
      {"ann@example-.com", "'-'"},
      {"ann@exa_mple.com", "has '_'"},
      {"ann@xn--a.example", "internationalised"},
      {"ann@ex\xef\xbc\xa0mple.com", "has '@' in its domain"},  // a full-width one
      {"ann@\xe2\x84\x80.com", "has '/' in its domain"},        // U+2100 stands for "a/c"
      {"ann@\xc3\xbc_.com", "has '_' in its domain"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    EXPECT_THAT(ParseEmailAddress(c.text), StatusIs(kInvalid, HasSubstr(c.message)));
  }
}

TEST(ParseEmailAddressTest, ErrorDoesNotRepeatAddress) {
  EXPECT_THAT(ParseEmailAddress("secret(x)@school.example"),
              StatusIs(kInvalid, AllOf(Not(HasSubstr("secret")), Not(HasSubstr("school")))));
}

TEST(ParseEmailAddressTest, EnforcesLimitsOfRfc5321) {
  const std::string label(63, 'd');
  const std::string domain = label + "." + label + "." + label;       // 191
  EXPECT_OK(ParseEmailAddress(std::string(62, 'l') + "@" + domain));  // 254
  EXPECT_OK(ParseEmailAddress(std::string(64, 'l') + "@example.com"));
  EXPECT_THAT(ParseEmailAddress(std::string(65, 'l') + "@example.com"),
              StatusIs(kInvalid, HasSubstr("65 octets before")));
  EXPECT_THAT(ParseEmailAddress(std::string(63, 'l') + "@" + domain),
              StatusIs(kInvalid, HasSubstr("255 octets")));
  EXPECT_THAT(ParseEmailAddress("a@" + label + "d.com"),
              StatusIs(kInvalid, HasSubstr("label of 64")));
  EXPECT_THAT(ParseEmailAddress("a@" + domain + "." + label + ".com"),
              StatusIs(kInvalid, HasSubstr("domain of 259")));
  EXPECT_THAT(ParseEmailAddress(std::string(100'000, '@')),
              StatusIs(kInvalid, HasSubstr("octets")));
}

TEST(CanonicalFormTest, IgnoresCase) {
  const auto canonical = [](std::string_view text) {
    return CanonicalForm(ParseEmailAddress(text).value());
  };
  EXPECT_EQ(canonical("Ann.Lee@EXAMPLE.com"), "ann.lee@example.com");
  EXPECT_EQ(canonical("ann.lee@example.com"), "ann.lee@example.com");
  EXPECT_EQ(canonical("a@BÜCHER.example"), canonical("A@xn--bcher-kva.example"));
  EXPECT_NE(canonical("annlee@example.com"), canonical("ann.lee@example.com"));
  EXPECT_NE(canonical("ann+x@example.com"), canonical("ann@example.com"));
}

TEST(ValidateDisplayNameTest, AcceptsNamesAndRefusesDeceptiveCharacters) {
  for (const char* name :
       {"", "Doe, Jane", "Łukasz \"Luke\" O'Neil", "山田 太郎", "👩‍🎓 Club"}) {
    EXPECT_OK(ValidateDisplayName(name)) << name;
  }
  EXPECT_THAT(ValidateDisplayName("Ann\r\nBcc: eve@example.com"),
              StatusIs(kInvalid, HasSubstr("U+000D")));
  EXPECT_THAT(ValidateDisplayName("Ann\xe2\x80\xae"), StatusIs(kInvalid, HasSubstr("U+202E")));
  EXPECT_THAT(ValidateDisplayName("Ann\xff"), StatusIs(kInvalid, HasSubstr("UTF-8")));
  EXPECT_THAT(ValidateDisplayName(std::string(257, 'a')), StatusIs(kInvalid, HasSubstr("257")));
}

// Any accepted text must be harmless in an SMTP command and in a header, and must parse to itself.
TEST(ParseEmailAddressTest, AcceptsNothingHarmfulInRandomText) {
  const std::vector<std::string> pieces = {"a",
                                           "B",
                                           "7",
                                           ".",
                                           "-",
                                           "_",
                                           "+",
                                           "@",
                                           "@",
                                           "@example.com",
                                           ".com",
                                           "\r",
                                           "\n",
                                           "\t",
                                           " ",
                                           "<",
                                           ">",
                                           "\"",
                                           "\\",
                                           "(",
                                           ")",
                                           ",",
                                           ";",
                                           ":",
                                           "[",
                                           "]",
                                           "xn--",
                                           "ü",
                                           "ß",
                                           "例",
                                           "。",
                                           "\xe2\x80\xae",
                                           "\xff",
                                           "\xc0",
                                           "\x7f",
                                           "\xc2",
                                           "％",
                                           "＠",
                                           "\xe2\x80\x8d",
                                           "😀",
                                           "RCPT TO:",
                                           "a.b",
                                           std::string(1, '\0'),
                                           std::string(64, 'x')};
  std::mt19937 random(20240611);
  int accepted = 0;
  for (int i = 0; i < 200'000; ++i) {
    std::string text = random() % 2 == 0 ? "" : "ann@b.co";
    for (auto left = random() % 8; left > 0; --left) text += pieces[random() % pieces.size()];
    const auto address = ParseEmailAddress(text);
    if (!address.ok()) {
      ASSERT_EQ(address.status().code(), kInvalid);
      ASSERT_TRUE(IsValidUtf8(std::string(address.status().message())));
      continue;
    }
    ++accepted;
    const std::string whole = address->ToString();
    ASSERT_LE(whole.size(), 254u);
    ASSERT_TRUE(IsValidUtf8(whole));
    ASSERT_EQ(std::count(whole.begin(), whole.end(), '@'), 1);
    ASSERT_EQ(whole.find_first_of(std::string_view("\0\t\r\n\x7f <>()[]\\\",:;", 16)),
              std::string::npos)
        << whole;
    ASSERT_THAT(address->domain, Each(::testing::Truly([](char c) {
                  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-';
                })));
    ASSERT_THAT(ParseEmailAddress(whole), IsOkAndHolds(*address)) << whole;
  }
  EXPECT_GT(accepted, 1000);  // Otherwise the loop above proves nothing.
}

}  // namespace
}  // namespace lmsmail::address
