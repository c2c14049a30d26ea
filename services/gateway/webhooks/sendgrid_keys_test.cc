#include "services/gateway/webhooks/sendgrid_keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "libs/testing/status_matchers.h"
#include "services/gateway/testing/webhook_signing.h"

namespace lmsmail::gateway {
namespace {

// The example of sendgrid-python, test/unit/test_eventwebhook.py.
constexpr char kKey[] =
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw+"
    "2fNNRaINXvVpiglSI8eNEc6wEA3F+g==";
constexpr char kSignature[] =
    "MEUCIGHQVtGj+Y3LkG9fLcxf3qfI10QysgDWmMOVmxG0u6ZUAiEAyBiXDWzM+uOe5W0JuG+"
    "luQAbPIqHh89M15TluLtEZtM"
    "=";
constexpr char kTimestamp[] = "1600112502";
constexpr char kBody[] =
    R"([{"email":"hello@world.com","event":"dropped","reason":"Bounced Address",)"
    R"("sg_event_id":"ZHJvcC0xMDk5NDkxOS1MUnpYbF9OSFN0T0doUTRrb2ZTbV9BLTA",)"
    R"("sg_message_id":"LRzXl_NHStOGhQ4kofSm_A.filterdrecv-p3mdw1-756b745b58-kmzbl-18-5F5FC76C-9.0",)"
    R"("smtp-id":"<LRzXl_NHStOGhQ4kofSm_A@ismtpd0039p1iad1.sendgrid.net>",)"
    R"("timestamp":1600112492}])"
    "\r\n";

SendgridKeys Keys(std::vector<std::string> keys) { return SendgridKeys::Parse(keys).value(); }

TEST(SendgridKeysTest, VerifiesTheDocumentedExample) {
  EXPECT_TRUE(Keys({kKey}).Verify(kSignature, kTimestamp, kBody));
}

TEST(SendgridKeysTest, RefusesEveryChange) {
  const SendgridKeys keys = Keys({kKey});
  const std::string body = kBody;
  EXPECT_FALSE(keys.Verify(kSignature, "1600112503", body));
  EXPECT_FALSE(keys.Verify(kSignature, "", std::string(kTimestamp) + body));
  EXPECT_FALSE(keys.Verify(kSignature, std::string(kTimestamp) + "[", body.substr(1)));
  EXPECT_FALSE(keys.Verify(kSignature, kTimestamp, body.substr(0, body.size() - 2)))
      << "the line break at the end is signed";
  EXPECT_FALSE(keys.Verify(kSignature, kTimestamp, ""));
  EXPECT_FALSE(keys.Verify("", kTimestamp, body));
  EXPECT_FALSE(keys.Verify("not base64!!", kTimestamp, body));
  EXPECT_FALSE(keys.Verify(std::string(kSignature).substr(4), kTimestamp, body));
  EXPECT_FALSE(keys.Verify(std::string(kSignature) + kSignature, kTimestamp, body));
  std::string flipped = kSignature;
  flipped[20] = flipped[20] == 'A' ? 'B' : 'A';
  EXPECT_FALSE(keys.Verify(flipped, kTimestamp, body));
  EXPECT_FALSE(Keys({SendgridSigner().PublicKey()}).Verify(kSignature, kTimestamp, body));
  EXPECT_FALSE(Keys({}).Verify(kSignature, kTimestamp, body));
}

TEST(SendgridKeysTest, AnyKeyCountsDuringARotation) {
  const SendgridSigner next;
  const SendgridKeys keys = Keys({kKey, next.PublicKey()});
  EXPECT_TRUE(keys.Verify(kSignature, kTimestamp, kBody));
  EXPECT_TRUE(keys.Verify(next.Sign("1", "[]"), "1", "[]"));
  EXPECT_FALSE(Keys({kKey}).Verify(next.Sign("1", "[]"), "1", "[]"));
}

TEST(SendgridKeysTest, RefusesWhatIsNoSuchKey) {
  for (const std::string& key :
       {std::string(), std::string("secret"), std::string(kKey).substr(0, 60),
        "-----BEGIN PUBLIC KEY-----\n" + std::string(kKey), SendgridSigner("P-384").PublicKey()}) {
    EXPECT_THAT(std::string(SendgridKeys::Parse({kKey, key}).status().message()),
                ::testing::StartsWith("key 2 is not"))
        << key;
  }
}

}  // namespace
}  // namespace lmsmail::gateway
