// The tables of tiers 1 and 2, each a list of columns: X(type, name, what).
// The row structs, the segment codec, the exports and docs/formats/tables.md
// all come from these lists. Part of model.h; not to be included alone.
//
// INT, REAL and TIME have a null (GW_NULL, NaN, GW_NEVER); STR is null when
// at == NULL; JSON is STR that holds JSON text. Times of day are TIME; spans
// named t0 and t are seconds since the measurement began, as OONI has them.

// What each fact carries about where it stands: row m of `measurement`, item
// `item` of list `list` of test_keys (see gw_list_names), for the sub-target
// `target` (a tor bridge, a telegram endpoint...; null for the input itself).
#define GW_FACT_COLUMNS(X)                                                     \
    X(INT, m, "row of the measurement in this block")                          \
    X(INT, list, "list inside test_keys, see gw_list_name")                    \
    X(INT, item, "index in that list")                                         \
    X(STR, target, "sub-target, e.g. a bridge; null for the input itself")     \
    X(INT, transaction_id, "groups one lookup or one endpoint")                \
    X(INT, depth, "redirects before this step, from the tag depth=N")          \
    X(INT, fetch_body, "1 or 0 from the tag fetch_body=")                      \
    X(JSON, tags, "all tags as written")                                       \
    X(REAL, t0, "seconds from measurement start to the start of the step")     \
    X(REAL, t, "seconds from measurement start to its end")

#define GW_MEASUREMENT_COLUMNS(X)                                              \
    X(INT, record, "position of its first byte in the unpacked object")        \
    X(INT, length, "its length in bytes")                                      \
    X(STR, uid, "measurement_uid, or OONI's id of the line where it has none") \
    X(STR, report_id, "report_id")                                             \
    X(STR, input, "input as written; lists joined by a blank")                 \
    X(STR, ooni_run_link_id, "annotation ooni_run_link_id")                    \
    X(TIME, start_time, "measurement_start_time")                              \
    X(TIME, test_start_time, "test_start_time")                                \
    X(STR, test_name, "test_name")                                             \
    X(STR, test_version, "test_version")                                       \
    X(REAL, test_runtime, "seconds")                                           \
    X(STR, software_name, "software_name")                                     \
    X(STR, software_version, "software_version")                               \
    X(STR, data_format_version, "data_format_version")                         \
    X(INT, probe_asn, "number of probe_asn; null if it is no AS number")       \
    X(STR, probe_cc, "probe_cc")                                               \
    X(STR, probe_as_org_name, "probe_network_name, or the snapshot's name")    \
    X(STR, probe_as_cc, "country of the AS in the snapshot")                   \
    X(STR, probe_as_name, "name of the AS in the snapshot")                    \
    X(STR, network_type, "annotation network_type")                            \
    X(STR, platform, "annotation platform")                                    \
    X(STR, origin, "annotation origin")                                        \
    X(STR, engine_name, "annotation engine_name")                              \
    X(STR, engine_version, "annotation engine_version")                        \
    X(STR, architecture, "annotation architecture")                            \
    X(STR, probe_id, "probe_id, empty text is null")                           \
    X(STR, resolver_ip, "resolver_ip or client_resolver")                      \
    X(INT, resolver_asn, "AS of resolver_ip in the snapshot, else as claimed") \
    X(STR, resolver_cc, "country of resolver_ip in the snapshot")              \
    X(STR, resolver_as_org_name, "its name in the snapshot, else as claimed")  \
    X(STR, resolver_as_cc, "country of that AS in the snapshot")               \
    X(INT, resolver_is_scrubbed, "1 if resolver_ip was [scrubbed]")            \
    X(INT, resolver_asn_probe, "number of resolver_asn as the probe says")     \
    X(STR, resolver_as_org_name_probe, "resolver_network_name")                \
    X(INT, synthetic, "1 if annotated synthetic (gawah rehearse, a lab)")      \
    X(STR, input_host, "host of the input, normal form; null if none")         \
    X(INT, input_port, "its port")                                             \
    X(STR, input_scheme, "its scheme, lower case")                             \
    X(INT, has_control, "1 if a helper answered")                              \
    X(STR, control_failure, "failure of reaching the helper")                  \
    X(STR, blocking, "OONI's key as recorded: dns, tcp_ip, ..., false; null")  \
    X(INT, accessible, "OONI's key as recorded")                               \
    X(STR, dns_consistency, "OONI's key as recorded")                          \
    X(STR, dns_experiment_failure, "OONI's key as recorded")                   \
    X(STR, http_experiment_failure, "OONI's key as recorded")                  \
    X(REAL, body_proportion, "OONI's key as recorded")                         \
    X(INT, body_length_match, "OONI's key as recorded")                        \
    X(INT, status_code_match, "OONI's key as recorded")                        \
    X(INT, headers_match, "OONI's key as recorded")                            \
    X(INT, title_match, "OONI's key as recorded")                              \
    X(INT, x_dns_flags, "OONI's key as recorded")                              \
    X(INT, x_blocking_flags, "OONI's key as recorded")                         \
    X(INT, x_null_null_flags, "OONI's key as recorded")                        \
    X(STR, probe_analysis, "blocking, or the nettest's own status word")       \
    X(JSON, odd, "what was odd in the record and how it was read")

#define GW_DNS_COLUMNS(X)                                                      \
    GW_FACT_COLUMNS(X)                                                         \
    X(STR, hostname, "name asked for, normal form")                            \
    X(STR, query_type, "A, AAAA, ANY, ...")                                    \
    X(STR, engine, "system, getaddrinfo, udp, doh, ...")                       \
    X(STR, resolver_address, "address or URL of the resolver")                 \
    X(STR, failure, "failure, df-007 vocabulary")                              \
    X(INT, answer_index, "index in answers; null when there was none")         \
    X(STR, answer_type, "A, AAAA, CNAME, ...")                                 \
    X(STR, answer, "address (shortest form) or name")                          \
    X(INT, answer_is_bogon, "1 if no public site can have that address")       \
    X(INT, answer_asn, "origin AS in the snapshot, else as claimed")           \
    X(STR, answer_as_org_name, "its name, likewise")                           \
    X(STR, answer_as_cc, "its country in the snapshot")                        \
    X(STR, answer_cc, "country of the address in the snapshot")                \
    X(INT, answer_asn_probe, "AS as the probe says")                           \
    X(INT, ttl, "seconds")                                                     \
    X(INT, rcode, "RFC 1035 RCODE if recorded")                                \
    X(JSON, fingerprints, "matches: [[name, scope, expected here 0|1], ...]")

#define GW_ENDPOINT_COLUMNS(X)                                                 \
    X(STR, ip, "address, shortest form; null if it was no address")            \
    X(INT, port, "port")                                                       \
    X(INT, ip_asn, "origin AS in the snapshot, else as the measurement says")  \
    X(STR, ip_as_org_name, "its name, likewise")                               \
    X(STR, ip_as_cc, "its country in the snapshot")                            \
    X(STR, ip_cc, "country of the address in the snapshot")                    \
    X(INT, ip_is_bogon, "1 if no public site can have that address")

#define GW_TCP_COLUMNS(X)                                                      \
    GW_FACT_COLUMNS(X)                                                         \
    GW_ENDPOINT_COLUMNS(X)                                                     \
    X(STR, host, "what was connected to where that was a name")                \
    X(STR, failure, "failure, df-007 vocabulary")                              \
    X(INT, success, "1 connected, 0 not")

#define GW_TLS_COLUMNS(X)                                                      \
    GW_FACT_COLUMNS(X)                                                         \
    GW_ENDPOINT_COLUMNS(X)                                                     \
    X(STR, network, "tcp, or udp for QUIC")                                    \
    X(STR, server_name, "SNI, normal form")                                    \
    X(STR, outer_server_name, "outer SNI of ECH")                              \
    X(STR, echconfig, "ECH configuration or GREASE")                           \
    X(STR, failure, "failure, df-007 vocabulary")                              \
    X(STR, version, "TLS version")                                             \
    X(STR, cipher_suite, "IANA name")                                          \
    X(STR, negotiated_protocol, "ALPN result")                                 \
    X(INT, no_tls_verify, "1 if the probe did not verify")                     \
    X(INT, is_certificate_valid, "1, 0; null when nothing can be said")        \
    X(STR, certificate_fingerprint, "SHA-256 of the end entity's DER, hex")    \
    X(STR, subject, "RFC 4514")                                                \
    X(STR, subject_common_name, "first CN")                                    \
    X(STR, issuer, "RFC 4514")                                                 \
    X(STR, issuer_common_name, "first CN")                                     \
    X(JSON, san_list, "dNSName entries")                                       \
    X(TIME, not_valid_before, "")                                              \
    X(TIME, not_valid_after, "")                                               \
    X(INT, self_issued, "1 if issuer and subject are the same")                \
    X(INT, chain_length, "certificates presented")                             \
    X(JSON, chain_fingerprints, "SHA-256 of those after the end entity")       \
    X(INT, read_count, "reads during the handshake")                           \
    X(INT, write_count, "writes during the handshake")                         \
    X(INT, read_bytes, "")                                                     \
    X(INT, write_bytes, "")                                                    \
    X(STR, last_operation, "e.g. read_3: the third event, a read")             \
    X(REAL, handshake_time, "seconds from its first to its last event")

#define GW_HTTP_COLUMNS(X)                                                     \
    GW_FACT_COLUMNS(X)                                                         \
    GW_ENDPOINT_COLUMNS(X)                                                     \
    X(STR, request_url, "")                                                    \
    X(STR, hostname, "host of request_url, normal form")                       \
    X(STR, network, "tcp, udp, quic")                                          \
    X(STR, alpn, "")                                                           \
    X(STR, failure, "failure, df-007 vocabulary")                              \
    X(STR, request_method, "")                                                 \
    X(INT, request_body_length, "")                                            \
    X(INT, request_body_is_truncated, "")                                      \
    X(INT, is_tor, "1 if fetched through Tor")                                 \
    X(INT, response_status_code, "")                                           \
    X(INT, response_body_length, "bytes; null without a response")             \
    X(INT, response_body_is_truncated, "")                                     \
    X(STR, response_body_sha1, "hex")                                          \
    X(STR, response_header_location, "")                                       \
    X(STR, response_header_server, "")                                         \
    X(JSON, header_fields, "other fields that a fingerprint looks at")         \
    X(JSON, header_names, "all response field names, lower case, sorted")      \
    X(STR, title, "text of <title>, cut at 500 bytes")                         \
    X(STR, request_redirect_from, "URL whose response led here")               \
    X(REAL, runtime, "seconds")                                                \
    X(INT, read_count, "reads of this transaction")                            \
    X(INT, read_bytes, "bytes read")                                           \
    X(REAL, read_time, "seconds from first to last read")                      \
    X(JSON, fingerprints, "matches: [[name, scope, expected here 0|1], ...]")

#define GW_CONTROL_COLUMNS(X)                                                  \
    X(INT, m, "row of the measurement in this block")                          \
    X(STR, hostname, "host the helper was asked for, normal form")             \
    GW_ENDPOINT_COLUMNS(X)                                                     \
    X(STR, dns_failure, "mapped from the helper's own vocabulary")             \
    X(INT, dns_success, "1 if the helper resolved to ip")                      \
    X(STR, tcp_failure, "likewise mapped")                                     \
    X(INT, tcp_success, "")                                                    \
    X(STR, tls_failure, "likewise mapped")                                     \
    X(INT, tls_success, "")                                                    \
    X(STR, tls_server_name, "")                                                \
    X(STR, http_request_url, "")                                               \
    X(STR, http_failure, "likewise mapped")                                    \
    X(INT, http_success, "")                                                   \
    X(INT, http_status_code, "null where the helper wrote -1")                 \
    X(INT, http_response_body_length, "null where the helper wrote -1")        \
    X(STR, http_title, "")                                                     \
    X(JSON, http_header_names, "lower case, sorted")

#define GW_MIDDLEBOX_COLUMNS(X)                                                \
    X(INT, m, "row of the measurement in this block")                          \
    X(STR, hirl_sent_0, "")                                                    \
    X(STR, hirl_sent_1, "")                                                    \
    X(STR, hirl_sent_2, "")                                                    \
    X(STR, hirl_sent_3, "")                                                    \
    X(STR, hirl_sent_4, "")                                                    \
    X(STR, hirl_received_0, "")                                                \
    X(STR, hirl_received_1, "")                                                \
    X(STR, hirl_received_2, "")                                                \
    X(STR, hirl_received_3, "")                                                \
    X(STR, hirl_received_4, "")                                                \
    X(STR, hirl_failure, "")                                                   \
    X(INT, hirl_success, "1 if what came back is what was sent")               \
    X(JSON, hfm_diff, "header names whose case or value changed on the way")   \
    X(STR, hfm_failure, "")                                                    \
    X(INT, hfm_success, "1 if the headers came back unchanged")

// What a nettest says of itself, one scalar a row.
#define GW_KEY_COLUMNS(X)                                                      \
    X(INT, m, "row of the measurement in this block")                          \
    X(STR, name, "path below test_keys, e.g. telegram_http_blocking")          \
    X(STR, text, "its text; true and false as words")                          \
    X(REAL, value, "its number; 1 and 0 for true and false")

// One rule that fired and what it looked at; tier 2 keeps all of them.
#define GW_FIRED_COLUMNS(X)                                                    \
    X(INT, f, "row of the finding in this block")                              \
    X(STR, rule, "id in the rule registry")                                    \
    X(INT, table, "table of the fact looked at, enum gw_table")                \
    X(INT, list, "list of that fact")                                          \
    X(INT, item, "item of that fact; null when the absence of facts spoke")    \
    X(REAL, llr, "log-likelihood ratio, natural log, blocked against not")     \
    X(STR, detail, "the values that met the condition")

#define GW_FINDING_COLUMNS(X)                                                  \
    X(INT, record, "record of the measurement, see there")                     \
    X(INT, n, "ordinal of the finding in its measurement")                     \
    X(INT, layer, "enum gw_layer; GW_LAYER_ALL is the measurement's own")      \
    X(INT, state, "enum gw_state")                                             \
    X(STR, rule, "the rule that decided")                                      \
    X(INT, kind, "enum gw_evidence: artefact, contrast, symptom")              \
    X(REAL, llr, "sum over independent kinds, natural log")                    \
    X(STR, target, "host or service judged")                                   \
    X(STR, stage, "for GW_LAYER_ALL: the layer that decided")                  \
    X(INT, throttled, "1 if slowness against the control is what was seen")    \
    X(INT, intercepted, "1 if something on the path answered in its stead")    \
    X(STR, input, "")                                                          \
    X(STR, uid, "")                                                            \
    X(STR, test_name, "")                                                      \
    X(STR, probe_cc, "")                                                       \
    X(INT, probe_asn, "")                                                      \
    X(STR, probe_as_org_name, "")                                              \
    X(INT, resolver_asn, "")                                                   \
    X(TIME, start_time, "")                                                    \
    X(INT, observer, "identity of the observer, see docs/methods/observers")   \
    X(STR, program, "software_name and software_version, a blank between")     \
    X(INT, synthetic, "")

// What one observer found of one target in one hour: the smallest unit that
// evidence is counted by (tier 3). Sorted by cc, target, asn, layer, hour,
// observer, program.
#define GW_CELL_COLUMNS(X)                                                     \
    X(STR, cc, "country of the probe")                                         \
    X(STR, target, "service or host, see data/services.csv")                   \
    X(INT, asn, "network of the probe; null unknown")                          \
    X(STR, org, "its name as last seen")                                       \
    X(INT, layer, "enum gw_layer")                                             \
    X(INT, resolver_asn, "layer dns: network of the resolver; else null")      \
    X(TIME, hour, "begin of the hour of measurement_start_time")               \
    X(INT, observer, "see docs/methods/observers.md")                          \
    X(STR, program, "software_name and software_version")                      \
    X(INT, unknown, "measurements whose finding was unknown")                  \
    X(INT, ok, "likewise ok")                                                  \
    X(INT, down, "likewise down")                                              \
    X(INT, blocked, "likewise blocked")                                        \
    X(INT, throttled, "of all of them, those marked throttled")                \
    X(INT, intercepted, "likewise intercepted")                                \
    X(REAL, llr, "largest log-likelihood ratio among the blocked; null none")  \
    X(STR, rule, "of that finding")                                            \
    X(INT, record, "its record; with n the id of an example")                  \
    X(INT, n, "its ordinal; null: no blocked one, the example is the first")   \
    X(INT, lag, "largest arrival lag in seconds: uid's time less start; null") \
    X(INT, synthetic, "")

// Counts of a day that somebody else made: a row of an aggregate (tier 1).
#define GW_AGGREGATE_COLUMNS(X)                                                \
    X(INT, record, "position of the row in the unpacked object")               \
    X(INT, length, "its length in bytes")                                      \
    X(TIME, day, "the day, UTC")                                               \
    X(STR, probe_cc, "country")                                                \
    X(INT, probe_asn, "network; null: all of the country")                     \
    X(STR, test_name, "test")                                                  \
    X(STR, input, "input or domain; null: the test as a whole")                \
    X(INT, measurement_count, "")                                              \
    X(INT, ok_count, "")                                                       \
    X(INT, anomaly_count, "odd, and not confirmed")                            \
    X(INT, confirmed_count, "confirmed blocked")                               \
    X(INT, failure_count, "")

// OONI's verdict keys computed by us from the facts, for comparison.
#define GW_VERDICT_COLUMNS(X)                                                  \
    X(INT, record, "record of the measurement, see there")                     \
    X(STR, blocking, "dns, tcp_ip, http-failure, http-diff, false; null")      \
    X(INT, accessible, "")                                                     \
    X(STR, dns_consistency, "consistent, inconsistent; null")                  \
    X(STR, dns_experiment_failure, "")                                         \
    X(STR, http_experiment_failure, "")                                        \
    X(REAL, body_proportion, "")                                               \
    X(INT, body_length_match, "")                                              \
    X(INT, status_code_match, "")                                              \
    X(INT, headers_match, "")                                                  \
    X(INT, title_match, "")                                                    \
    X(INT, x_dns_flags, "")                                                    \
    X(INT, x_blocking_flags, "")                                               \
    X(INT, x_null_null_flags, "")

#define GW_TABLES(T)                                                           \
    T(measurement, GW_MEASUREMENT_COLUMNS)                                     \
    T(dns, GW_DNS_COLUMNS)                                                     \
    T(tcp, GW_TCP_COLUMNS)                                                     \
    T(tls, GW_TLS_COLUMNS)                                                     \
    T(http, GW_HTTP_COLUMNS)                                                   \
    T(control, GW_CONTROL_COLUMNS)                                             \
    T(middlebox, GW_MIDDLEBOX_COLUMNS)                                         \
    T(key, GW_KEY_COLUMNS)                                                     \
    T(finding, GW_FINDING_COLUMNS)                                             \
    T(fired, GW_FIRED_COLUMNS)                                                 \
    T(verdict, GW_VERDICT_COLUMNS)                                             \
    T(cell, GW_CELL_COLUMNS)                                                   \
    T(aggregate, GW_AGGREGATE_COLUMNS)
