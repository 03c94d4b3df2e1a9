/** The namespace of what libvirt hands to QEMU as it is, such as `<qemu:commandline>`. */
export const QEMU_NAMESPACE = 'http://libvirt.org/schemas/domain/qemu/1.0'
