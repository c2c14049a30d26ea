#include "services/dispatch/rendering/raw_messages.h"

#include <string>

#include "libs/hash/sha256.h"
#include "services/dispatch/testing/sender_fixture.h"

namespace lmsmail::dispatch {
namespace {

using testing::HasSubstr;

class RawMessagesTest : public SenderFixture {
 protected:
  RawMessage Render(const MessageRecord& record, const MailTracking* tracking) {
    const RawMessages raw_messages(recipients_, templates_, transports_, site_, message_ids_,
                                   address_hashes_, tracking, 1 << 20);
    return raw_messages.Render(record, absl::InfiniteFuture());
  }
  void Allow(bool allowed) {
    Verdict verdict = FakeRecipientCheck::Allowed({Target::Kind::kRecipient, "recipients/ada"});
    verdict.recipient.tracking_allowed = allowed;
    recipients_.Set("recipients/ada", std::move(verdict));
  }

  const MailTracking tracking_all_{
      tracking::Links(token::KeyRing::Parse("k1:" + std::string(64, 'a')).value()),
      {.public_url = "https://mail.example", .opens = {Category::kEnrollment}, .clicks = {}}};
};

TEST_F(RawMessagesTest, FindsTheBytesThatWereSentWhateverIsMeasuredNow) {
  const MessageId id = Accept("ada");
  SendDue();
  MessageRecord record = Record(id);
  EXPECT_TRUE(Render(record, nullptr).verified);
  Allow(true);
  EXPECT_TRUE(Render(record, &tracking_all_).verified) << "it was sent before";

  MessageRecord unsent = record;
  unsent.content_hash.clear();
  const RawMessage tracked = Render(unsent, &tracking_all_);
  EXPECT_THAT(tracked.bytes, HasSubstr("/o/k1."));
  record.content_hash = hash::Sha256(tracked.bytes);
  Allow(false);
  const RawMessage raw = Render(record, &tracking_all_);
  EXPECT_TRUE(raw.verified) << "she opted out since";
  EXPECT_EQ(raw.bytes, tracked.bytes);
  record.content_hash = "unknown";
  EXPECT_FALSE(Render(record, &tracking_all_).verified);
}

}  // namespace
}  // namespace lmsmail::dispatch
