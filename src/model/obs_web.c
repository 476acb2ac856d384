// The columns of OONI's obs_web export and where each stands in our tables:
// one list for reading such exports and for writing them.
#include "model/model.h"

#define M(name)                                                                \
    {                                                                          \
#name, GW_TABLE_measurement, #name                                     \
    }
#define D(name, column)                                                        \
    {                                                                          \
#name, GW_TABLE_dns, #column                                           \
    }
#define C(name, column)                                                        \
    {                                                                          \
#name, GW_TABLE_tcp, #column                                           \
    }
#define L(name, column)                                                        \
    {                                                                          \
#name, GW_TABLE_tls, #column                                           \
    }
#define H(name, column)                                                        \
    {                                                                          \
#name, GW_TABLE_http, #column                                          \
    }
// Made up while rows are joined, or shared by the endpoint's tables.
#define J(name)                                                                \
    {                                                                          \
#name, GW_TABLE_COUNT, #name                                           \
    }

const struct gw_obs_web_column gw_obs_web_columns[] = {
    {"measurement_uid", GW_TABLE_measurement, "uid"},
    M(input),
    M(report_id),
    M(ooni_run_link_id),
    {"measurement_start_time", GW_TABLE_measurement, "start_time"},
    M(software_name),
    M(software_version),
    M(test_name),
    M(test_version),
    J(bucket_date),
    M(probe_asn),
    M(probe_cc),
    M(probe_as_org_name),
    M(probe_as_cc),
    M(probe_as_name),
    M(network_type),
    M(platform),
    M(origin),
    M(engine_name),
    M(engine_version),
    M(architecture),
    M(resolver_ip),
    M(resolver_asn),
    M(resolver_cc),
    M(resolver_as_org_name),
    M(resolver_as_cc),
    M(resolver_is_scrubbed),
    M(resolver_asn_probe),
    M(resolver_as_org_name_probe),
    M(probe_id),
    J(observation_idx),
    J(created_at),
    J(target_id),
    J(hostname),
    J(transaction_id),
    J(ip),
    J(port),
    J(ip_asn),
    J(ip_as_org_name),
    J(ip_as_cc),
    J(ip_cc),
    J(ip_is_bogon),
    D(dns_query_type, query_type),
    D(dns_failure, failure),
    D(dns_engine, engine),
    D(dns_engine_resolver_address, resolver_address),
    D(dns_answer_type, answer_type),
    D(dns_answer, answer),
    D(dns_answer_asn, answer_asn),
    D(dns_answer_as_org_name, answer_as_org_name),
    D(dns_t, t),
    C(tcp_failure, failure),
    C(tcp_success, success),
    C(tcp_t, t),
    L(tls_failure, failure),
    L(tls_server_name, server_name),
    L(tls_outer_server_name, outer_server_name),
    L(tls_echconfig, echconfig),
    L(tls_version, version),
    L(tls_cipher_suite, cipher_suite),
    L(tls_is_certificate_valid, is_certificate_valid),
    L(tls_end_entity_certificate_fingerprint, certificate_fingerprint),
    L(tls_end_entity_certificate_subject, subject),
    L(tls_end_entity_certificate_subject_common_name, subject_common_name),
    L(tls_end_entity_certificate_issuer, issuer),
    L(tls_end_entity_certificate_issuer_common_name, issuer_common_name),
    L(tls_end_entity_certificate_san_list, san_list),
    L(tls_end_entity_certificate_not_valid_after, not_valid_after),
    L(tls_end_entity_certificate_not_valid_before, not_valid_before),
    L(tls_certificate_chain_length, chain_length),
    L(tls_certificate_chain_fingerprints, chain_fingerprints),
    L(tls_handshake_read_count, read_count),
    L(tls_handshake_write_count, write_count),
    L(tls_handshake_read_bytes, read_bytes),
    L(tls_handshake_write_bytes, write_bytes),
    L(tls_handshake_last_operation, last_operation),
    L(tls_handshake_time, handshake_time),
    L(tls_t, t),
    H(http_request_url, request_url),
    H(http_network, network),
    H(http_alpn, alpn),
    H(http_failure, failure),
    H(http_request_body_length, request_body_length),
    H(http_request_method, request_method),
    H(http_runtime, runtime),
    H(http_response_body_length, response_body_length),
    H(http_response_body_is_truncated, response_body_is_truncated),
    H(http_response_body_sha1, response_body_sha1),
    H(http_response_status_code, response_status_code),
    H(http_response_header_location, response_header_location),
    H(http_response_header_server, response_header_server),
    H(http_request_redirect_from, request_redirect_from),
    H(http_request_body_is_truncated, request_body_is_truncated),
    H(http_t, t),
    M(probe_analysis),
};
const size_t gw_obs_web_column_count = GW_COUNT(gw_obs_web_columns);

const struct gw_column *gw_column_find(enum gw_table table, const char *name)
{
    const struct gw_table_info *info = &gw_tables[table];
    for (size_t i = 0; i < info->column_count; i++)
        if (strcmp(info->columns[i].name, name) == 0)
            return &info->columns[i];
    return NULL;
}
