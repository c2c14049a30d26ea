#pragma once

#include <cstdint>
#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "libs/status/error_details.h"
#include "lmsmail/templates/v1/template_service.pb.h"
#include "services/template/domain/template.h"
#include "services/template/storage/template_store.h"

// Converts between protobuf messages and domain types. Violations are added with fields relative to
// the message, and an invalid field is left at its default.
namespace lmsmail::templates {

lmsmail::type::v1::Category ToProto(Category category);
// UNSPECIFIED is a violation.
Category FromProto(lmsmail::type::v1::Category category, Violations& violations);

std::vector<LocalizedContent> FromProto(
    const google::protobuf::RepeatedPtrField<v1::LocalizedContent>& contents);
std::vector<Variable> FromProto(const google::protobuf::RepeatedPtrField<v1::Variable>& variables,
                                Violations& violations);

TemplateContent ContentFromProto(const v1::Template& message, Violations& violations);
// `Message` is v1::Template or v1::TemplateVersion.
void ToProto(const Variable& variable, v1::Variable& message);
template <typename Message>
void ContentToProto(const TemplateContent& content, Message& message);

// Without content.
void ToProto(const Template& state, v1::Template& message);
// With the content of the version, if there is one.
void ToProto(const Found& found, v1::Template& message);
// Returns the status of `found`, and converts it when it is OK.
absl::Status ToProto(const absl::StatusOr<Found>& found, v1::Template& message);
void ToProto(const Template& state, const Version& version, v1::TemplateVersion& message);

// Digest of the request without its request id.
std::int64_t DigestOf(const v1::CreateTemplateRequest& request);

}  // namespace lmsmail::templates
