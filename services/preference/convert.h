#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libs/status/error_details.h"
#include "lmsmail/preference/v1/preference_service.pb.h"
#include "services/preference/consent.h"
#include "services/preference/recipient.h"
#include "services/preference/recipient_check.h"
#include "services/preference/suppression.h"

// Between the protocol's messages and the domain. What comes in is checked on the way: each
// function that takes Violations adds every fault it finds to them.
namespace lmsmail::preference {

namespace pb = lmsmail::preference::v1;

// The id in `recipients/{recipient}`.
std::string RecipientIdOf(std::string_view name, std::string_view field, Violations& violations);
// The recipient's id in `recipients/{recipient}/preferences`.
std::string PreferencesIdOf(std::string_view name, Violations& violations);
// The id in `suppressions/{suppression}`.
std::string SuppressionIdOf(std::string_view name, Violations& violations);

std::vector<Recipient> RecipientsFromProto(const pb::UpsertRecipientsRequest& request,
                                           Violations& violations);
std::vector<MailToCheck> MailsFromProto(const pb::CheckRecipientsRequest& request,
                                        Violations& violations);
// nullopt for an unspecified category.
std::optional<Category> CategoryFromProto(lmsmail::type::v1::Category category,
                                          std::string_view field, Violations& violations);
ConsentSource SourceFromProto(const pb::ConsentSource& source, Violations& violations);
// nullopt for an unspecified reason.
std::optional<SuppressionReason> ReasonFromProto(pb::Suppression::Reason reason,
                                                 Violations& violations);

pb::Recipient ToProto(const Recipient& recipient);
// With the mandatory categories, in the order of the enum.
pb::Preferences ToProto(std::string_view recipient_id, const RecipientConsent& consent);
pb::ConsentEvent ToProto(std::string_view recipient_id, const ConsentEvent& event);
pb::Suppression ToProto(const Suppression& suppression);
pb::Verdict ToProto(Verdict verdict);

}  // namespace lmsmail::preference
