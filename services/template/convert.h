#pragma once

#include <cstdint>
#include <optional>

#include "libs/status/error_details.h"
#include "lmsmail/templates/v1/template_service.pb.h"
#include "services/template/template.h"
#include "services/template/template_store.h"

// Between the protocol's messages and the domain's types. Faults are added to `violations` with
// fields relative to the message, and what is faulty is left at its default.
namespace lmsmail::templates {

lmsmail::type::v1::Category ToProto(Category category);
// UNSPECIFIED is a fault.
Category FromProto(lmsmail::type::v1::Category category, Violations& violations);

std::vector<LocalizedContent> FromProto(
    const google::protobuf::RepeatedPtrField<v1::LocalizedContent>& contents);
std::vector<Variable> FromProto(const google::protobuf::RepeatedPtrField<v1::Variable>& variables,
                                Violations& violations);

// `Message` is v1::Template or v1::TemplateVersion.
template <typename Message>
Wording WordingFromProto(const Message& message, Violations& violations);
template <typename Message>
void WordingToProto(const Wording& wording, Message& message);

// Without contents and variables.
void ToProto(const Template& state, v1::Template& message);
// With those of the version found.
void ToProto(const Found& found, v1::Template& message);
void ToProto(const Template& state, const Version& version, v1::TemplateVersion& message);

// Of the body; the request id is left out.
std::int64_t DigestOf(const v1::CreateTemplateRequest& request);

}  // namespace lmsmail::templates
