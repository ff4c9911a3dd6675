// The guard's built-in rules for Spanish.
import type { RuleBook } from "./rule-book.ts";

export const SPANISH: RuleBook = {
  emergency: `
    dolor {muy fuerte|fuerte|intenso|terrible|agudo|} en el pecho
    {duele|me duele|le duele} {mucho|muchísimo|fuerte|} el pecho
    {presión|opresión} en el pecho
    {infarto|ataque al corazón|ataque cardíaco|paro cardíaco}
    {derrame cerebral|ictus}
    no {respira|está respirando|responde|reacciona|despierta|se despierta}
    {no|apenas|casi no} {puedo|puede} respirar
    {cuesta|costando|dificultad para|problemas para} respirar
    {dejó|ha dejado} de respirar
    {se está|me estoy|se} {ahogando|asfixiando|atragantando}
    {inconsciente|inconscientes}
    {se ha|se|me he|ha} {desmayado|desmayó|desplomado|desplomó}
    {convulsiones|convulsionando}
    {sangrando|sangra} {mucho|muchísimo|sin parar|demasiado|bastante}
    {perdiendo|perdido|pierde} mucha sangre
    sobredosis
    {tomado|tomó|tomé} {demasiadas|muchas} {pastillas|píldoras}
    {bebido|bebió|tragado|tragó|tomado} {lejía|veneno|detergente}
    {me quiero|quiero} {morir|morirme|suicidarme|matarme}
    {voy a|pienso en|pensando en} {matarme|suicidarme|quitarme la vida}
    {suicidarme|suicidarse|suicidio}
    {quitarme|quitarse} la vida
    no quiero {vivir|seguir viviendo}
    {hay|tenemos} {un|} {incendio|fuego}
    {se está|está} quemando {la|mi|el} {casa|cocina|edificio|piso|coche}
    {casa|cocina|edificio|piso|coche|apartamento} {está|se está} {ardiendo|quemando|en llamas}
    en llamas
    {huele|olor|oliendo|huelo} {mucho|} a gas
    {fuga|escape} de gas
    monóxido de carbono
    {están|está} {entrando|intentando entrar} en mi {casa|piso|apartamento}
    {tiene|con|lleva} una {pistola|arma|navaja}
    {tiene|con} un {cuchillo|arma}
    {me está|está} {pegando|golpeando|atacando|amenazando con}
    me {han|ha} {apuñalado|disparado|atropellado|violado|atacado}
    {ambulancia|ambulancias}
    {llame|llama|llamen|llamar} {a la policía|a los bomberos|al 112|al 911|al 061|a emergencias}
    {es|tengo|tenemos|hay} una emergencia
    {accidente} {grave|terrible|muy grave}
    {gravemente|malherido|muy} {herido|herida}
    de parto
    no se {mueve|está moviendo}
    {mucho|muchísimo|lleno de|hay} humo
    no {podemos|pueden} salir
    {matarse|matarme}
    {poniendo} {azul|morado|morada}
    {caído|cayó} y no
  `,
  high: `
    {es|muy|bastante|realmente|super} urgente
    {urgentemente|urgente}
    lo antes posible es grave
    {me|nos|le} {han|ha} robado
    {robaron|robado} {la|mi|el} {tarjeta|cartera|bolso|móvil|teléfono}
    {usó|usado|usaron|usando} mi tarjeta
    {fraude|estafa|estafado|estafada|hackeado|hackeada}
    {roto|rota|reventado|reventó} una tubería
    tubería {rota|reventada}
    {inundando|inundado|inundada|inundación}
    mucha fiebre
    fiebre {alta|muy alta}
    {mucho|muchísimo|fuerte|terrible|insoportable} dolor
    {dolores} {fuertes|muy fuertes|terribles}
    {hablar con|llamar a|avisar a} mi abogado
    mi abogado se
    {denunciar|demandar}
    {encerrado|encerrada|atrapado|atrapada|atrapados} en
    sin {luz|calefacción|agua caliente} {desde|y}
    no puede esperar
    {agua} por {todas partes|todos lados}
    {cobrado|cargo|cobro} {algo|} que no {compré|hice|reconozco}
  `,
  person: `
    {hablar|comunicarme|comunicar|contactar} con {una|un|alguna|algún|el|la|su|otra|otro|} {persona|humano|humana|agente|operador|operadora|representante|encargado|encargada|supervisor|supervisora|responsable|gerente|empleado|empleada|ser humano|asesor|asesora|compañero|jefe|recepcionista}
    {hablar|comunicarme|contactar} con {una|} persona {real|de verdad}
    {hablar|comunicarme|contactar} con {alguien|atención al cliente|recepción}
    {páseme|pásame|pasarme|me pasa|me puede pasar|me pueden pasar|pase|póngame|ponme|me pone|me puede poner|comuníqueme|conécteme|transfiérame} {con|a|al|} {un|una|el|la|su|} {agente|persona|encargado|encargada|operador|operadora|responsable|representante|supervisor|supervisora|alguien|humano|gerente|jefe|compañero|asesor}
    {páseme|pásame|me puede pasar|póngame|comuníqueme|conécteme|transfiérame} {con|a} {alguien|atención al cliente|recepción}
    no quiero hablar con {una|un|la|el|} {máquina|robot|ordenador|contestador|computadora|bot}
    {persona|alguien} {real|de verdad}
    {quiero|necesito|deme|prefiero} {un|una|} {persona real|agente|operador|operadora|representante|humano}
    {agente|operadora|operador|representante} por favor
  `,
  uncertainty: `
    no me {entiende|entiendes|está entendiendo|estás entendiendo|ha entendido|comprende|escucha}
    no {es|era} {lo que|eso lo que} {pregunté|dije|quería|he dicho|he preguntado|pedí|pido}
    ya {se|te} lo {he dicho|dije}
    {ya|} {lo he|te lo he|se lo he} {dicho|explicado} {antes|ya|}
    no {tiene|tiene ningún} sentido
    eso {está mal|no es correcto|no sirve}
    no me {sirve|ayuda|está ayudando}
    no entiendo {lo que|qué} {dice|dices|quiere|me dice}
    {otra vez|siempre} {lo mismo|la misma pregunta}
    {pérdida de tiempo|perdiendo el tiempo}
    no es {eso|así}
  `,
  agentUncertainty: `
    no {le|te|lo|la} {he entendido|entendí|entiendo|he oído|escuché}
    no puedo {ayudarle|ayudarte} con {eso|esto}
    no {tengo|dispongo de} esa información
    {podría|puede|puedes} {repetirlo|repetir|repetir eso}
  `,
  agentAlarm: `
    {parece|suena a|esto es|es} una emergencia {médica|}
    {cuelgue|cuelga} y llame al
  `,
  wholeEmergency: `
    ayuda
    socorro
    auxilio
    fuego
    incendio
    emergencia
    ambulancia
    policía
  `,
  wholePerson: `
    agente
    operador
    operadora
    representante
    persona
    una persona
    humano
    atención al cliente
    encargado
  `,
  harmless: `
    {me|se} {muero|muere|morí|moría} de {ganas|risa|hambre|sed|frío|sueño|vergüenza|calor|amor}
    {quiero|quería} morirme de {risa|vergüenza}
    fuegos artificiales
    {bomba|a fuego} {de fiesta|lento}
    {casi|por poco} me da un infarto
    {seguro|póliza|alarma|simulacro} {de|contra} {incendio|incendios|fuego}
    {salida|contacto|teléfono|número|luz|luces|servicio} de {emergencia|emergencias|urgencia|urgencias}
    {agente|agentes} {inmobiliario|inmobiliaria|de seguros|de viajes|comercial}
    persona en particular
    no es urgente
    {mi|un} abogado {me|recomendó|dijo|es}
  `,
  elsewhere: `
    hace {años|meses|mucho tiempo|diez años|dos años|un año|tiempo}
    el año pasado
    {en caso de|cuando era}
    {película|curso|simulacro|novela} de
    antecedentes
  `,
  strictNegators: ``,
  negators: `no sin nunca tampoco ni ningún ninguna`,
  between: `
    tengo tiene tenemos tienes es era hay un una el la los las ningún ninguna necesito necesita necesitamos quiero quiere hace falta
    llame llamen llamar de a que se me le está estoy siento siente ha he tenido
  `,
  negatorsAfter: ``,
  courtesies: `por favor hola oiga oye sí quiero necesito una un la el ya señor señorita`,
};
