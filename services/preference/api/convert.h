#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libs/status/error_details.h"
#include "lmsmail/preference/v1/preference_service.pb.h"
#include "services/preference/domain/consent.h"
#include "services/preference/domain/erasure.h"
#include "services/preference/domain/linked_consent.h"
#include "services/preference/domain/recipient.h"
#include "services/preference/domain/recipient_check.h"
#include "services/preference/domain/suppression.h"

// Converts between protobuf messages and domain types. Functions with a Violations parameter also
// validate, and add every violation they find.
namespace lmsmail::preference {

// A list has 1 to 1000 items.
void CheckCount(int count, std::string field, Violations& violations);
// The fields of violations begin with "recipient.".
Recipient RecipientFromProto(const v1::Recipient& given, Violations& violations);
std::vector<MailToCheck> MailsFromProto(const v1::CheckRecipientsRequest& request,
                                        Violations& violations);
// nullopt when the category is unspecified.
std::vector<std::string> RecipientIdsFromProto(
    const google::protobuf::RepeatedPtrField<std::string>& recipients, Violations& violations);
std::optional<Category> CategoryFromProto(lmsmail::type::v1::Category category,
                                          std::string_view field, Violations& violations);
ConsentSource SourceFromProto(const v1::ConsentSource& source, Violations& violations);
LinkUpdate LinkUpdateFromProto(const v1::UpdateLinkRequest& request, Violations& violations);
// nullopt when the reason is unspecified.
std::optional<SuppressionReason> ReasonFromProto(v1::Suppression::Reason reason,
                                                 Violations& violations);

v1::Recipient ToProto(const Recipient& recipient);
// Includes the mandatory categories, in the order of the enum.
v1::Preferences ToProto(std::string_view recipient_id, const RecipientConsent& consent);
v1::Link ToProto(const LinkState& state);
v1::ConsentEvent ToProto(std::string_view recipient_id, const ConsentEvent& event);
v1::Suppression ToProto(const Suppression& suppression);
v1::Verdict ToProto(Verdict verdict);
v1::Erasure ToProto(const ErasureJob& job);

}  // namespace lmsmail::preference
