#include "services/dispatch/transports/shared_content.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace lmsmail::dispatch {
namespace {

using ::testing::IsEmpty;

constexpr TagStyle kStyle{"%recipient.v", "%"};

MailParts Parts(const std::string& name, const std::string& link) {
  std::string escaped;
  for (const char c : name) escaped += c == '&' ? "&amp;" : std::string(1, c);
  return {.category = "content",
          .recipient_name = name,
          .subject = "Hi " + name,
          .text = "Dear " + name + ",\nread on. Stop: " + link + "\n",
          .html = "<p>Dear " + escaped + "</p><a href=\"" + link + "\">Stop</a>",
          .personal_values = {link, name}};
}

// What a provider does, in any order.
std::string Substituted(std::string text, std::vector<Substitution> substitutions) {
  for (const Substitution& it : substitutions) {
    const std::string tag = TagOf(it, kStyle);
    for (std::size_t at = 0; (at = text.find(tag, at)) != std::string::npos;
         at += it.value.size()) {
      text.replace(at, tag.size(), it.value);
    }
  }
  return text;
}

TEST(ShareContentTest, MailsOfOneTemplateShareTheirContent) {
  const SharedContent ann = ShareContent(Parts("Ann", "https://m.example/u/1"), kStyle);
  const SharedContent bob = ShareContent(Parts("Bob", "https://m.example/u/2"), kStyle);
  EXPECT_EQ(ann.body->text, bob.body->text);
  EXPECT_EQ(ann.body->html, bob.body->html);
  EXPECT_EQ(ann.substitutions.size(), 2u) << "one tag for text and HTML";
  EXPECT_EQ(ann.body->text, "Dear %recipient.v2%,\nread on. Stop: %recipient.v1%\n");
}

TEST(ShareContentTest, SubstitutionGivesTheRenderedContentWhateverTheValuesAre) {
  const std::vector<MailParts> all = {Parts("Ann", "https://m.example/u/1"),
                                      Parts("e", "https://m.example/u/1"),
                                      Parts("Tom & Jerry", "https://m.example/u/1"),
                                      Parts("%", "https://m.example/u/1"),
                                      Parts("Dear", "Dear"),
                                      Parts("v1", "1"),
                                      Parts("&amp;", "a"),
                                      Parts("", ""),
                                      Parts("%recipient.v1%", "https://m.example/u/1"),
                                      Parts("<p>", "p"),
                                      Parts("recipient.v2%", "x")};
  for (const MailParts& parts : all) {
    const SharedContent shared = ShareContent(parts, kStyle);
    std::vector<Substitution> order = shared.substitutions;
    for (int turn = 0; turn < 2; ++turn) {
      EXPECT_EQ(Substituted(shared.body->text, order), parts.text);
      EXPECT_EQ(Substituted(shared.body->html, order), parts.html);
      std::ranges::reverse(order);
    }
  }
}

TEST(ShareContentTest, TakesTheLongestOfSeveralValues) {
  MailParts parts = Parts("Ann Lee", "https://m.example/u/1");
  parts.personal_values = {"Ann", "Ann Lee", "https://m.example/u", "https://m.example/u/1"};
  EXPECT_EQ(ShareContent(parts, kStyle).body->text,
            "Dear %recipient.v2%,\nread on. Stop: %recipient.v4%\n");
}

TEST(ShareContentTest, ManyLongValuesAreNotSubstituted) {
  MailParts parts = Parts("Ann", "https://m.example/u/1");
  for (int i = 0; i < 40; ++i) {
    parts.personal_values.push_back(std::to_string(i) + std::string(250, 'x'));
    parts.text += parts.personal_values.back();
  }
  EXPECT_THAT(ShareContent(parts, kStyle).substitutions, IsEmpty());
}

TEST(InlineCommonValuesTest, LeavesTagsOfWhatDiffersOnly) {
  const SharedContent ann = ShareContent(Parts("Ann & Co", "https://m.example/u"), kStyle);
  const SharedContent bob = ShareContent(Parts("Bob & Co", "https://m.example/u"), kStyle);
  const SharedContent* const both[] = {&ann, &bob};
  const RequestContent request = InlineCommonValues(both, kStyle);
  EXPECT_EQ(request.body.text, "Dear %recipient.v2%,\nread on. Stop: https://m.example/u\n");
  EXPECT_EQ(request.body.html,
            "<p>Dear %recipient.v2h%</p><a href=\"https://m.example/u\">Stop</a>");
  ASSERT_EQ(request.is_own.size(), ann.substitutions.size());
  for (std::size_t i = 0; i < request.is_own.size(); ++i) {
    EXPECT_EQ(request.is_own[i], ann.substitutions[i].name.starts_with("2"));
  }
}

TEST(InlineCommonValuesTest, AMailAloneHasNoTags) {
  const MailParts parts = Parts("Ann", "https://m.example/u/1");
  const SharedContent ann = ShareContent(parts, kStyle);
  const SharedContent* const alone[] = {&ann};
  const RequestContent request = InlineCommonValues(alone, kStyle);
  EXPECT_EQ(request.body.text, parts.text);
  EXPECT_EQ(request.body.html, parts.html);
}

TEST(ShareContentTest, ContentWithTagsOfItsOwnStaysAsItIs) {
  MailParts parts = Parts("Ann", "https://m.example/u/1");
  parts.text += "%recipient.v1%";
  const SharedContent shared = ShareContent(parts, kStyle);
  EXPECT_EQ(shared.body->text, parts.text);
  EXPECT_THAT(shared.substitutions, IsEmpty());
}

}  // namespace
}  // namespace lmsmail::dispatch
