/*
 * A child that lives is no child that fits.
 *
 * file: kernel/proc/wait.c
 * of: find_child_locked@0505a5fd6098
 * loses: wait-sleeps-until-the-end no-hang
 */
static struct process *find_child_locked(const struct child_request *r,
                                         bool *any, int32_t *status)
{
    struct process *self = process_current(), *child;

    *any = false;
    if (r->which == P_PID) {
        child = process_find_locked(r->id);
        *any = child && child->parent == self && fits(child, r);
        return *any && take_news_locked(child, r, status) ? child : NULL;
    }
    list_for_each (child, &self->children, sibling_link) {
        if (!fits(child, r))
            continue;
        if (take_news_locked(child, r, status)) {
            *any = true;
            return child;
        }
    }
    return NULL;
}
