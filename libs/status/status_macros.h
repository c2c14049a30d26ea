#pragma once

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// Returns from the enclosing function when `expr` (an absl::Status) is not OK.
#define LMSMAIL_RETURN_IF_ERROR(expr)                                   \
  do {                                                                  \
    if (::absl::Status lmsmail_status = (expr); !lmsmail_status.ok()) { \
      return lmsmail_status;                                            \
    }                                                                   \
  } while (false)

// Declares or assigns `lhs` from `expr` (an absl::StatusOr), or returns its status.
#define LMSMAIL_ASSIGN_OR_RETURN(lhs, expr) \
  LMSMAIL_ASSIGN_OR_RETURN_IMPL_(LMSMAIL_STATUS_CONCAT_(lmsmail_status_or_, __LINE__), lhs, expr)

#define LMSMAIL_STATUS_CONCAT_INNER_(a, b) a##b
#define LMSMAIL_STATUS_CONCAT_(a, b) LMSMAIL_STATUS_CONCAT_INNER_(a, b)
#define LMSMAIL_ASSIGN_OR_RETURN_IMPL_(temp, lhs, expr) \
  auto temp = (expr);                                   \
  if (!temp.ok()) return std::move(temp).status();      \
  lhs = *std::move(temp)
