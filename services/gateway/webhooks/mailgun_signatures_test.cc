#include "services/gateway/webhooks/mailgun_signatures.h"

#include <gtest/gtest.h>

#include <string>

#include "services/gateway/testing/webhook_signing.h"

namespace lmsmail::gateway {
namespace {

using Verdict = MailgunSignatures::Verdict;

constexpr char kKey[] = "TEST_WEBHOOK_SIGNING_KEY";
constexpr std::int64_t kTimestamp = 1529006854;

class MailgunSignaturesTest : public ::testing::Test {
 protected:
  static MailgunWebhook Webhook(std::string_view token, std::string_view event = "{}",
                                std::string_view key = kKey) {
    return *ParseMailgunWebhook(MailgunBody(key, kTimestamp, token, event));
  }

  FakeClock clock_{absl::FromUnixSeconds(kTimestamp)};
  MailgunSignatures signatures_{kKey, clock_};
};

// Computed with `printf 1529006854TOKEN | openssl dgst -sha256 -hmac KEY`.
TEST_F(MailgunSignaturesTest, VerifiesAnExample) {
  MailgunWebhook webhook;
  webhook.timestamp = "1529006854";
  webhook.token = "a8ce0edb2dd8301dee6c2405235584e45aa91d1e9f979f3de0";
  webhook.signature = "d715b4facdb68e32a3bf6c28d9f005fa348e252f96db49bdbba95169c391ea69";
  EXPECT_EQ(signatures_.Check(webhook), Verdict::kValid);
}

TEST_F(MailgunSignaturesTest, RefusesEveryChange) {
  const MailgunWebhook genuine = Webhook("token");
  const auto verdict = [&](auto change) {
    MailgunWebhook changed = genuine;
    change(changed);
    return signatures_.Check(changed);
  };
  EXPECT_EQ(verdict([](auto& w) { w.token = "Token"; }), Verdict::kForged);
  EXPECT_EQ(verdict([](auto& w) { w.timestamp = "1529006855"; }), Verdict::kForged);
  EXPECT_EQ(verdict([](auto& w) { w.signature[0] = w.signature[0] == '0' ? '1' : '0'; }),
            Verdict::kForged);
  EXPECT_EQ(verdict([](auto& w) { w.signature.pop_back(); }), Verdict::kForged);
  EXPECT_EQ(verdict([](auto& w) { w.signature = "é"; }), Verdict::kForged);
  EXPECT_EQ(signatures_.Check(Webhook("token", "{}", "another key")), Verdict::kForged);
  EXPECT_EQ(MailgunSignatures("", clock_).Check(Webhook("token", "{}", "")), Verdict::kForged)
      << "no key is no empty key";
  EXPECT_EQ(signatures_.Check(genuine), Verdict::kValid) << "a forgery uses no token up";
}

// HMAC covers the two texts as one.
TEST_F(MailgunSignaturesTest, ADigitCannotMoveBetweenTimestampAndToken) {
  MailgunWebhook moved = Webhook("77");
  moved.timestamp += "7";
  moved.token = "7";
  EXPECT_EQ(signatures_.Check(moved), Verdict::kStale);
  moved = Webhook("77");
  moved.timestamp.pop_back();
  moved.token = "477";
  EXPECT_EQ(signatures_.Check(moved), Verdict::kStale);
}

TEST_F(MailgunSignaturesTest, ATimestampCountsForAsLongAsMailgunRepeatsIt) {
  clock_.Advance(absl::Hours(9));
  EXPECT_EQ(signatures_.Check(Webhook("1")), Verdict::kValid);
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(signatures_.Check(Webhook("2")), Verdict::kStale);
  clock_.Set(absl::FromUnixSeconds(kTimestamp) - absl::Hours(9));
  EXPECT_EQ(signatures_.Check(Webhook("3")), Verdict::kValid);
  clock_.Advance(-absl::Seconds(1));
  EXPECT_EQ(signatures_.Check(Webhook("4")), Verdict::kStale);
}

TEST_F(MailgunSignaturesTest, ATokenCountsForOneEvent) {
  EXPECT_EQ(signatures_.Check(Webhook("1", R"({"event":"opened"})")), Verdict::kValid);
  EXPECT_EQ(signatures_.Check(Webhook("1", R"({"event":"opened"})")), Verdict::kValid)
      << "Mailgun repeats what was not acknowledged";
  EXPECT_EQ(signatures_.Check(Webhook("1", R"({"event":"complained"})")), Verdict::kReused);
  EXPECT_EQ(signatures_.Check(Webhook("2", R"({"event":"complained"})")), Verdict::kValid);
}

TEST_F(MailgunSignaturesTest, AnyKeyCountsDuringARotation) {
  MailgunSignatures both("old key\n new key \n\n", clock_);
  EXPECT_EQ(both.Check(Webhook("1", "{}", "old key")), Verdict::kValid);
  EXPECT_EQ(both.Check(Webhook("2", "{}", "new key")), Verdict::kValid);
}

TEST(UsedTokensTest, IsBoundedInTimeAndNumber) {
  FakeClock clock{absl::UnixEpoch()};
  UsedTokens tokens(clock, absl::Hours(18), 100);
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(tokens.Use(std::to_string(i), "event"));
  EXPECT_EQ(tokens.size(), 100u);
  EXPECT_FALSE(tokens.Use("999", "another"));
  EXPECT_TRUE(tokens.Use("1", "another"));
  clock.Advance(absl::Hours(18) + absl::Seconds(1));
  EXPECT_TRUE(tokens.Use("999", "another"));
  EXPECT_EQ(tokens.size(), 1u);
}

}  // namespace
}  // namespace lmsmail::gateway
