#include "services/preference/api/link_handlers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "libs/school/testing/fake_school.h"
#include "libs/status/error_details.h"
#include "libs/testing/status_matchers.h"
#include "services/preference/storage/in_memory_preference_store.h"

namespace lmsmail::preference {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

namespace type = lmsmail::type::v1;

const absl::Time kNoon = absl::FromCivil(absl::CivilHour(2026, 3, 2, 12), absl::UTCTimeZone());

class LinkHandlersTest : public ::testing::Test {
 protected:
  LinkHandlersTest() {
    const AddressKey key = AddressKeyOf(keys_, "ann@example.com").value();
    EXPECT_OK(store_.UpsertRecipients({{{"ann", "ann@example.com", "", "", "", "", {}, {}}, key}},
                                      {}, kNoon, call_.deadline));
    token_ = links_.UnsubscribeUrl("ann", Category::kDemo);
    token_ = token_.substr(token_.rfind('/') + 1);
  }

  const rpc::CallInfo call_ = {};
  const token::KeyRing keys_ = token::KeyRing::Parse("k1:" + std::string(64, 'a')).value();
  const Links links_{keys_, "https://mail.school.example"};
  InMemoryPreferenceStore store_;
  FakeClock clock_{kNoon};
  ConsentRegistry consent_{store_, keys_, {}, clock_};
  school::FakeSchool school_;
  LinkedConsent linked_{links_, consent_, store_, school_};
  LinkHandlers handlers_{linked_};
  std::string token_;
};

TEST_F(LinkHandlersTest, ReturnsEveryCategoryAndNoRecipient) {
  v1::ResolveLinkRequest request;
  request.set_token(token_);
  v1::Link link;
  ASSERT_OK(handlers_.ResolveLink(call_, request, link));
  EXPECT_EQ(link.kind(), v1::Link::KIND_UNSUBSCRIBE);
  EXPECT_EQ(link.category(), type::CATEGORY_DEMO);
  EXPECT_EQ(link.language_code(), "en");
  ASSERT_THAT(link.categories(), SizeIs(6));
  for (int i = 0; i < 6; ++i) {
    EXPECT_EQ(link.categories(i).category(), i + 1);
    EXPECT_EQ(link.categories(i).mandatory(), i < 2);
    EXPECT_TRUE(link.categories(i).subscribed());
  }
  EXPECT_THAT(link.changeable_categories(), ElementsAre(type::CATEGORY_DEMO));
  EXPECT_FALSE(link.unsubscribed_from_all());
  EXPECT_THAT(link.DebugString(), Not(::testing::HasSubstr("ann")));
}

TEST_F(LinkHandlersTest, UnsubscribesByOneClick) {
  v1::OneClickUnsubscribeRequest request;
  request.set_token(token_);
  v1::Link link;
  ASSERT_OK(handlers_.OneClickUnsubscribe(call_, request, link));
  EXPECT_FALSE(link.categories(2).subscribed());
  EXPECT_TRUE(link.categories(3).subscribed());
  EXPECT_THAT(link.undo_token(), IsEmpty());
}

TEST_F(LinkHandlersTest, UpdatesAndUndoes) {
  v1::UpdateLinkRequest update;
  update.set_token(token_);
  update.set_unsubscribe_from_all(true);
  v1::Link link;
  ASSERT_OK(handlers_.UpdateLink(call_, update, link));
  EXPECT_TRUE(link.unsubscribed_from_all());
  v1::UndoLinkUpdateRequest undo;
  undo.set_token(token_);
  undo.set_undo_token(link.undo_token());
  ASSERT_OK(handlers_.UndoLinkUpdate(call_, undo, link));
  EXPECT_FALSE(link.unsubscribed_from_all());
  EXPECT_THAT(link.undo_token(), IsEmpty());
}

TEST_F(LinkHandlersTest, NamesEveryInvalidField) {
  v1::UpdateLinkRequest update;
  update.set_token(token_);
  update.add_unsubscribe(type::CATEGORY_UNSPECIFIED);
  update.add_subscribe(static_cast<type::Category>(99));
  update.set_consent_text("two\nlines");
  v1::Link link;
  std::vector<std::string> fields;
  for (const FieldViolation& each : ViolationsOf(handlers_.UpdateLink(call_, update, link))) {
    fields.push_back(each.field);
  }
  EXPECT_THAT(fields, ElementsAre("unsubscribe[0]", "subscribe[0]", "consent_text"));
  for (int i = 0; i < 20; ++i) update.add_subscribe(type::CATEGORY_DEMO);
  EXPECT_THAT(ViolationsOf(handlers_.UpdateLink(call_, update, link)),
              ::testing::Contains(::testing::Field(&FieldViolation::field, "subscribe")));
}

}  // namespace
}  // namespace lmsmail::preference
