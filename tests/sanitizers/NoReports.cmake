# cmake -DREPORTS=folder -P NoReports.cmake
# Prints the sanitizer reports in a folder. Fails if there are any.
file(GLOB reports ${REPORTS}/*)
foreach(report IN LISTS reports)
  file(READ ${report} text)
  message("--- ${report}\n${text}")
endforeach()
list(LENGTH reports count)
if(count)
  message(FATAL_ERROR "${count} processes have sanitizer reports")
endif()
