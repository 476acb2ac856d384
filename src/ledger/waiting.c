// Requests that wait for another thread, while their connections sleep.
#include "ledger/serve.h"

#include <microhttpd.h>
#include <pthread.h>
#include <time.h>

struct gw_waiting {
    pthread_mutex_t lock;
    pthread_cond_t more;
    struct gw_web_request *first, **last;
    size_t count, max, enough;
    bool closed;
};

struct gw_waiting *gw_waiting_new(size_t max)
{
    struct gw_waiting *q = gw_new(sizeof *q);
    pthread_condattr_t attributes;
    if (!q)
        return NULL;
    q->last = &q->first;
    q->max = max;
    q->enough = 1;
    pthread_mutex_init(&q->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&q->more, &attributes);
    pthread_condattr_destroy(&attributes);
    return q;
}

void gw_waiting_free(struct gw_waiting *q)
{
    if (!q)
        return;
    pthread_cond_destroy(&q->more);
    pthread_mutex_destroy(&q->lock);
    gw_free(q);
}

void gw_waiting_put(struct gw_waiting *q, struct gw_web_request *r)
{
    pthread_mutex_lock(&q->lock);
    bool closed = q->closed, full = q->count >= q->max;
    if (!closed && !full) {
        // Before anybody can resume it.
        MHD_suspend_connection(r->connection);
        r->deferred = true;
        r->next = NULL;
        *q->last = r;
        q->last = &r->next;
        q->count++;
        if (q->count == 1 || q->count == q->enough)
            pthread_cond_signal(&q->more);
    }
    pthread_mutex_unlock(&q->lock);
    if (closed)
        gw_web_say(r, 503, "closing down");
    else if (full)
        gw_web_say(r, 429, "too many requests wait");
}

// Until `enough` wait; false if that took longer than ms.
static bool wait_for(struct gw_waiting *q, size_t enough, int ms)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    int64_t ns = until.tv_nsec + (int64_t)ms * 1000000;
    until.tv_sec += ns / GW_SECOND;
    until.tv_nsec = ns % GW_SECOND;
    q->enough = enough;
    int rc = 0;
    while (q->count < enough && !q->closed && !rc)
        rc = pthread_cond_timedwait(&q->more, &q->lock, &until);
    return q->count >= enough;
}

struct gw_web_request *gw_waiting_take(struct gw_waiting *q, int wait_ms,
                                       int linger_ms, size_t enough)
{
    pthread_mutex_lock(&q->lock);
    if (wait_for(q, 1, wait_ms) && linger_ms > 0)
        wait_for(q, enough, linger_ms);
    struct gw_web_request *all = q->first;
    q->first = NULL;
    q->last = &q->first;
    q->count = 0;
    pthread_mutex_unlock(&q->lock);
    return all;
}

struct gw_web_request *gw_waiting_next(struct gw_waiting *q, int wait_ms)
{
    pthread_mutex_lock(&q->lock);
    if (!q->count)
        wait_for(q, 1, wait_ms);
    struct gw_web_request *r = q->first;
    if (r) {
        q->first = r->next;
        q->count--;
        if (q->first)
            pthread_cond_signal(&q->more); // for another thread
        else
            q->last = &q->first;
    }
    pthread_mutex_unlock(&q->lock);
    return r;
}

void gw_waiting_close(struct gw_waiting *q)
{
    pthread_mutex_lock(&q->lock);
    q->closed = true;
    pthread_cond_broadcast(&q->more);
    pthread_mutex_unlock(&q->lock);
}
