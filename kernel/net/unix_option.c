/*
 * net/unix_option.c - socket options.
 */
#include "abi/errno.h"
#include "abi/time.h"
#include "base/string.h"
#include "net/unix_socket.h"
#include "x86/clock.h"

/* Copy as much of a value as the caller has room for. */
static int give(const void *from, uint32_t size, void *value, uint32_t *bytes)
{
    *bytes = MIN(*bytes, size);
    memcpy(value, from, *bytes);
    return 0;
}

static int give_time(uint64_t ns, void *value, uint32_t *bytes)
{
    struct timeval time = {
        .tv_sec = (int64_t)(ns / NSEC_PER_SEC),
        .tv_usec = (int64_t)(ns % NSEC_PER_SEC / NSEC_PER_USEC),
    };

    return give(&time, sizeof(time), value, bytes);
}

int unix_get_option(struct unix_socket *s, int name, void *value,
                    uint32_t *bytes)
{
    int number = 0;

    switch (name) {
    case SO_TYPE:
        number = s->type;
        break;
    case SO_DOMAIN:
        number = AF_UNIX;
        break;
    case SO_SNDBUF:
        number = (int)s->send_buffer;
        break;
    case SO_RCVBUF:
        number = UNIX_QUEUE_BYTES; /* means nothing here, on Linux too */
        break;
    case SO_ACCEPTCONN:
        number = s->state == UNIX_LISTENING;
        break;
    case SO_PASSCRED:
        number = s->pass_credentials;
        break;
    case SO_ERROR:
    case SO_PROTOCOL:
    case SO_REUSEADDR:
    case SO_KEEPALIVE:
        break;
    case SO_PEERCRED:
        return give(&s->peer_credentials, sizeof(s->peer_credentials), value,
                    bytes);
    case SO_RCVTIMEO:
        return give_time(s->receive_timeout, value, bytes);
    case SO_SNDTIMEO:
        return give_time(s->send_timeout, value, bytes);
    default:
        return -ENOPROTOOPT;
    }
    return give(&number, sizeof(number), value, bytes);
}

static int set_time(uint64_t *timeout, const void *value, uint32_t bytes)
{
    struct timeval time;

    if (bytes < sizeof(time))
        return -EINVAL;
    memcpy(&time, value, sizeof(time));
    if (time.tv_usec < 0 || time.tv_usec >= 1000000)
        return -EDOM;
    if (time.tv_sec < 0)
        time = (struct timeval){ 0, 1 }; /* passed: return at once */
    if (time.tv_sec > 1000000000)
        time = (struct timeval){ 0 }; /* as good as for ever */
    *timeout = (uint64_t)time.tv_sec * NSEC_PER_SEC +
               (uint64_t)time.tv_usec * NSEC_PER_USEC;
    return 0;
}

/* Linux doubles what is asked for: half of it is for its own structures. */
static void set_send_buffer(struct unix_socket *s, uint32_t bytes)
{
    bytes = 2 * MIN(bytes, (uint32_t)UNIX_QUEUE_MOST / 2);
    s->send_buffer = MAX(bytes, (uint32_t)UNIX_QUEUE_LEAST);
}

int unix_set_option(struct unix_socket *s, int name, const void *value,
                    uint32_t bytes)
{
    int number;

    if (name == SO_RCVTIMEO)
        return set_time(&s->receive_timeout, value, bytes);
    if (name == SO_SNDTIMEO)
        return set_time(&s->send_timeout, value, bytes);
    if (bytes < sizeof(number))
        return -EINVAL;
    memcpy(&number, value, sizeof(number));
    switch (name) {
    case SO_PASSCRED:
        s->pass_credentials = number != 0;
        return 0;
    case SO_SNDBUF:
        set_send_buffer(s, (uint32_t)number);
        return 0;
    case SO_RCVBUF:
    case SO_REUSEADDR:
    case SO_KEEPALIVE:
        return 0; /* mean nothing for Unix-domain sockets, on Linux too */
    default:
        return -ENOPROTOOPT;
    }
}
