/*
 * schedule.h
 *		What the files that deal with pg_cron have in common.
 */
#ifndef INVTRACK_SCHEDULE_H
#define INVTRACK_SCHEDULE_H

/*
 * A job as pg_cron is to have it. Nothing is null, so that jobs can be handed
 * to another process as they are: an empty schedule is a job that is to go,
 * an empty database the one that pg_cron has its tables in.
 */
typedef struct Job
{
	const char *name;
	const char *schedule;
	const char *command;
	const char *database;
} Job;

#define JOBS_MAX	5

static inline bool
job_is_to_go(const Job *job)
{
	return job->schedule[0] == '\0';
}

static inline bool
job_is_of_pg_cron(const Job *job)
{
	return job->database[0] == '\0';
}

/* schedule_cron.c */
extern const char *pg_cron_database(const Job *jobs, int count);
extern Oid	find_pg_cron_database(const Job *jobs, int count);
extern int64 pg_cron_put_jobs_here(const Job *jobs, int count);
extern char *jobs_as_statements(const Job *jobs, int count);

/* schedule_worker.c */
extern int64 put_jobs(const Job *jobs, int count);

#endif							/* INVTRACK_SCHEDULE_H */
