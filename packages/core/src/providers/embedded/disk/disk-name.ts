/** The name of a guest's disk in its run folder. */
export const DISK_NAME = 'disk.qcow2'
